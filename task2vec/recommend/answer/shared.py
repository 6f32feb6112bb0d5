"""What an answer tells of a task that shares images with the target."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SharedImages:
    """Of ``of`` images of the target, ``images`` are in ``task`` too, the fraction ``share``.

    ``exact`` of them are the same pixel by pixel, the others near duplicates. ``same_source`` is
    true where it was embedded from the same files, or from the same images with the same labels.
    Where it is ``excluded``, its experts and its outcomes were not used; else what its
    experts gain on the target's images is discounted.
    """

    task: str
    images: int
    of: int
    share: float
    exact: int
    same_source: bool
    excluded: bool


@dataclass(frozen=True)
class EarlierExpert:
    """An expert ``model`` of the target as it was before: of ``task``, which had fewer images.

    ``images`` are those that the earlier task was embedded from, ``now`` those of the target.
    """

    model: str
    task: str
    images: int
    now: int
