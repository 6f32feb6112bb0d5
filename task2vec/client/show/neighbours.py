"""Neighbours of a task, and the distances between two."""

from collections.abc import Mapping

from task2vec.client.show.sheet import Sheet, nats, not_negative, number
from task2vec.data.wording import copies, few, plural
from task2vec.messages.neighbours import Distances, NeighbourGeometry, Neighbours


def of_neighbours(
    answer: Neighbours, *, asymmetric: bool = False, geometry: NeighbourGeometry | None = None
) -> Sheet:
    """Return neighbours, the nearest first, with their distances as they were asked for."""
    ranks = [each.rank for each in answer.neighbours]
    marks = [f"{rank}=" if ranks.count(rank) > 1 else f"{rank}" for rank in ranks]
    kind = "distance" if geometry is None else f"{geometry} distance"
    tied = any(mark.endswith("=") for mark in marks)
    return Sheet(
        f"Nearest to {answer.task}",
        ("rank", "task", "asymmetric distance (as source)" if asymmetric else kind, _ERROR),
        [
            (
                mark,
                f"{each.name} [i]" if each.shares_images else each.name,
                each.distance if asymmetric else not_negative(each.distance),
                each.standard_error,
            )
            for mark, each in zip(marks, answer.neighbours, strict=True)
        ],
        (*((_TIED,) if tied else ()), *_shared_notes(answer), *left_out_notes(answer.left_out)),
    )


_ERROR = "standard error"
_TIED = "= shares its rank: as near as the first of that rank, within the noise."


def _shared_notes(answer: Neighbours) -> tuple[str, ...]:
    """Return the sentence that explains the marks of shared images, a count for each."""
    sharing = [each for each in answer.neighbours if each.shares_images]
    if not sharing:
        return ()
    counts = "; ".join(
        copies(
            each.shared_images,
            f"of the images of {answer.task}",
            each.name,
            share=each.shared_share or 0.0,
        )
        if each.shared_images
        else f"{each.name} is of the same files"
        for each in sharing
    )
    return (f"[i] shares images with {answer.task}, and is near for that reason too: {counts}.",)


def left_out_notes(left_out: Mapping[str, str]) -> tuple[str, ...]:
    """Return the sentence on what came with a bundle and is a task of one's own again."""
    if not left_out:
        return ()
    pairs = few([f"{theirs} is {own}" for theirs, own in left_out.items()], str)
    end = "" if pairs.endswith("...") else "."
    return (f"Left out, because a bundle brought the same images and labels again: {pairs}{end}",)


def of_distances(answer: Distances) -> Sheet:
    """Return all distances of a pair; one sentence where both are of the same images."""
    title = f"{answer.source}, {answer.target}"
    if answer.same_images:
        same = (
            f"{answer.source} and {answer.target} were embedded from the same images with the same "
            "labels: they are one task, at distance 0."
        )
        return Sheet(title, (), (), (same,))
    symmetric = not_negative(answer.symmetric)
    nats_, noise = answer.information, answer.information_standard_error
    return Sheet(
        title,
        ("distance", f"{answer.source} -> {answer.target}", f"{answer.target} -> {answer.source}"),
        [
            ("symmetric", symmetric, symmetric),
            ("asymmetric", answer.asymmetric.source_to_target, answer.asymmetric.target_to_source),
            (
                "information (nats)",
                nats(nats_.source_to_target, noise.source_to_target),
                nats(nats_.target_to_source, noise.target_to_source),
            ),
        ],
        _distance_notes(answer),
    )


def _distance_notes(answer: Distances) -> tuple[str, ...]:
    """Return how sure the distances are, how near the pair is, and how to read them."""
    standing: tuple[str, ...] = ()
    if answer.compared:
        others = plural(answer.compared, "other stored task")
        some = f"{answer.nearer:,}" if answer.nearer else "None"
        are = "are" if answer.nearer > 1 else "is"
        standing = (f"{some} of {others} {are} nearer to {answer.source} than {answer.target} is.",)
    ends = " to ".join(number(not_negative(end)) for end in answer.interval)
    return (
        "symmetric: 0 is the same task, 1 has nothing in common. Standard error "
        f"{number(answer.standard_error)}, 95 % interval {ends}.",
        *standing,
        "asymmetric: the symmetric distance, made smaller by the complexity of the first task, the "
        f"source: {number(answer.complexity.source)} ({answer.source}), "
        f"{number(answer.complexity.target)} ({answer.target}). It tells little of gains.",
        "information: the nats that the second task, the target, needs in the probe's weights "
        "beyond those of the source. Compare it with that of other pairs only: the asymmetric "
        "distance is something else, and may be smaller the other way round.",
    )
