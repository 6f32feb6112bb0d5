"""Which layers of a probe have elements in its embeddings."""

from enum import StrEnum


class CountedLayers(StrEnum):
    """The layers whose units an embedding has elements for.

    ``all``: every convolution and linear layer. ``depthwise``: the convolutions whose filters see
    one channel each, which are the least noise in networks that have them.
    """

    ALL = "all"
    DEPTHWISE = "depthwise"
