"""What an expert says of an image."""

from task2vec.wire.base import Answer


class Prediction(Answer):
    """The likeliest class of one image, and the probability of every class by name.

    Of an image that could not be read there is only ``error``, a short reason.
    """

    path: str
    label: str | None
    probability: float | None
    probabilities: dict[str, float] | None
    error: str | None = None
