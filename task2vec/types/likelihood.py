"""How many labels an image of a task has."""

from enum import StrEnum


class Likelihood(StrEnum):
    """What the logits of a head parametrise.

    ``categorical``: one label an image, one class out of C. ``bernoulli``: several labels an image
    or none, each of C classes present or absent independently of the others.
    """

    CATEGORICAL = "categorical"
    BERNOULLI = "bernoulli"
