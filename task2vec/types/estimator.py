"""What an embedding estimates: the ways to the Fisher information, and the layers that count."""

from enum import StrEnum


class Estimator(StrEnum):
    """How the expectation over labels is taken.

    ``principal``: random signs on that square root of the logit Fisher whose columns the head's
    features feel apart; unbiased, and exact from C - 1 draws per image (C for independent labels).
    ``rademacher``: random signs on the plain square root; unbiased, bounded.
    ``hadamard``: rows of a Hadamard matrix as signs, different ones in an image; unbiased, and
    exact where there are as many draws as rows, at least C.
    ``exact``: all C columns of the root; C backward passes.
    ``categorical``: labels drawn from the model, as in the published method; unbiased but
    heavy-tailed where the head is confident.
    ``empirical``: the labels of the data set. That is another quantity, the *empirical* Fisher.
    """

    PRINCIPAL = "principal"
    RADEMACHER = "rademacher"
    HADAMARD = "hadamard"
    EXACT = "exact"
    CATEGORICAL = "categorical"
    EMPIRICAL = "empirical"

    @property
    def family(self) -> str:
        """The quantity that it estimates: embeddings of two families cannot be compared."""
        return "empirical fisher" if self is Estimator.EMPIRICAL else "fisher"

    @property
    def random(self) -> bool:
        """Whether it draws anything, so that a second pass over the same images tells more."""
        return self not in (Estimator.EXACT, Estimator.EMPIRICAL)

    def draws(self, asked: int, *, classes: int) -> int:
        """The draws per image that its provenance states, where ``asked`` were asked for.

        The exact estimator goes through all classes instead, and the empirical one draws nothing.
        """
        if self is Estimator.EMPIRICAL:
            return 1
        return classes if self is Estimator.EXACT else asked


#: See docs/adr/0011-principal-directions.md.
DEFAULT_ESTIMATOR = Estimator.PRINCIPAL


class CountedLayers(StrEnum):
    """The layers whose units an embedding has elements for.

    ``all``: every convolution and linear layer. ``depthwise``: the convolutions whose filters see
    one channel each, which are the least noise in networks that have them.
    """

    ALL = "all"
    DEPTHWISE = "depthwise"
