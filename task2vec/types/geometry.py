"""By which distance neighbours are found."""

from enum import StrEnum


class NeighbourGeometry(StrEnum):
    """How nearness is measured: docs/adr/0017-symmetric-distance-default.md.

    ``symmetric``: the symmetric distance, corrected for noise. ``centred``: 1 - cosine of the logs,
    centred over the stored tasks and then over the elements; it holds its noise.
    """

    SYMMETRIC = "symmetric"
    CENTRED = "centred"
