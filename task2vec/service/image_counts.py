"""Whether tasks were embedded from such different numbers of images that distances suffer."""

from collections.abc import Mapping

from task2vec.data.wording import few, shown

#: Half as many images moved a distance by a standard error: docs/concepts.md, "The number of
#: images moves the numbers".
MOST_RATIO = 2.0


def uneven_images(name: str, images: int, others: Mapping[str, int]) -> list[str]:
    """Return the warning that tasks are compared across numbers of images, [] where they are alike.

    ``images`` are those that the task ``name`` was embedded from, ``others`` those of the tasks
    that it is compared with, by name.
    """
    uneven = {
        other: count
        for other, count in others.items()
        if max(count, images) > MOST_RATIO * min(count, images)
    }
    if not uneven:
        return []
    listed = few([f"{shown(other)} from {count:,}" for other, count in uneven.items()], str)
    least = min(images, *uneven.values())
    return [
        f"{shown(name)} was embedded from {images:,} images, {listed}: distances depend on that "
        "number. To compare them alike, embed those with more again: "
        f"`task2vec embed SOURCE --name NAME --images {least} --update`"
    ]
