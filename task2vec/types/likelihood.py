"""How many labels per image of a task has."""

from enum import StrEnum


class Likelihood(StrEnum):
    """What the logits of a head parametrise.

    ``categorical``: one label per image, one class out of C. ``bernoulli``: any number of labels
    per image, each of C classes present or absent independently of the others.
    """

    CATEGORICAL = "categorical"
    BERNOULLI = "bernoulli"
