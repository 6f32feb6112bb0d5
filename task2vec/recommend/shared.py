"""What an answer tells of a task that shares images with the target."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SharedImages:
    """Of ``of`` images of the target, ``images`` are in ``task`` too, the fraction ``share``.

    ``exact`` of them are the same pixel by pixel, the others near duplicates. ``same_source`` is
    true where it was embedded from the same files, or from the same images with the same labels.
    Where it is ``excluded``, its experts and the outcomes on it were no evidence.
    """

    task: str
    images: int
    of: int
    share: float
    exact: int
    same_source: bool
    excluded: bool
