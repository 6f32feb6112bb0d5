"""The ways to estimate the Fisher information, by name."""

from enum import StrEnum


class Estimator(StrEnum):
    """How the expectation over labels is taken.

    ``rademacher``: random signs on the square root of the logit Fisher; unbiased, bounded.
    ``exact``: all C columns of the root; C backward passes.
    ``categorical``: labels drawn from the model, as in the published method; unbiased but
    heavy-tailed where the head is confident.
    """

    RADEMACHER = "rademacher"
    EXACT = "exact"
    CATEGORICAL = "categorical"
