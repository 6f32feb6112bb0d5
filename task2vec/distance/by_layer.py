"""Where two tasks agree and where they differ: their distance by groups of layers of the probe."""

from collections.abc import Sequence
from math import hypot

import numpy as np

from task2vec.distance.embedding_distances import precisions
from task2vec.distance.estimates import estimate_distances
from task2vec.distance.symmetric import symmetric_parts
from task2vec.messages.explanations import LayerDistance, LayerDistances
from task2vec.types import TaskEmbedding
from task2vec.types.details import LayerElements

#: Layers are grouped by the shortest beginning of their names that gives this many groups.
_FEWEST_GROUPS = 4
# How often groups that do not differ may seem to.
_LEVEL = 0.05


def layer_groups(layers: Sequence[LayerElements]) -> tuple[LayerElements, ...]:
    """Return a readable handful of groups of consecutive layers, with their elements.

    A group is named by the beginning that the names of its layers have in common: as few of their
    parts as tell four groups apart. Where no number of parts does, every layer is one.

    >>> names = ["stem", "blocks.0.0.dw", "blocks.0.1.dw", "blocks.1.0.dw", "blocks.2.0.dw"]
    >>> [group.name for group in layer_groups([LayerElements(name, 8) for name in names])]
    ['stem', 'blocks.0', 'blocks.1', 'blocks.2']
    """
    names = [layer.name.split(".") for layer in layers]
    deepest = max(map(len, names), default=1)
    for depth in range(1, deepest + 1):
        groups: list[LayerElements] = []
        for parts, layer in zip(names, layers, strict=True):
            name = ".".join(parts[:depth])
            before = groups.pop() if groups and groups[-1].name == name else None
            groups.append(LayerElements(name, layer.elements + (before.elements if before else 0)))
        if len(groups) >= _FEWEST_GROUPS or depth == deepest:
            return tuple(groups)
    return ()


def layer_distances(
    a: TaskEmbedding, b: TaskEmbedding, groups: Sequence[LayerElements]
) -> LayerDistances:
    """Take the distance of two tasks apart by groups of layers, whose elements are all of theirs.

    Raises:
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    a.space.check_same(b.space)
    parts = symmetric_parts(precisions(a), precisions(b))
    plain, whole = float(parts.sum()), estimate_distances(a, [b])
    by_group: list[LayerDistance] = []
    errors: list[float] = []
    start = 0
    for group in groups:
        here = slice(start, start + group.elements)
        start = here.stop
        own = estimate_distances(_some(a, here), [_some(b, here)])
        part = float(parts[here].sum())
        errors.append(float(own.errors[0]))
        by_group.append(
            LayerDistance(
                name=group.name,
                elements=group.elements,
                elements_share=group.elements / len(parts),
                part=part,
                share=part / plain if plain > 0 else 0.0,
                distance=float(own.distances[0]),
                standard_error=errors[-1],
            )
        )
    by_distance = sorted(range(len(by_group)), key=lambda i: by_group[i].distance)
    near, far = by_distance[0], by_distance[-1]
    nearest, farthest = by_group[near], by_group[far]
    noise = hypot(errors[near], errors[far])
    freedom = len(a.replicates) + len(b.replicates) - 2
    return LayerDistances(
        plain=plain,
        distance=float(whole.distances[0]),
        standard_error=float(whole.errors[0]),
        groups=tuple(by_group),
        nearest=nearest.name,
        farthest=farthest.name,
        beyond_noise=farthest.distance - nearest.distance
        > _reach(groups=len(by_group), freedom=freedom) * noise,
    )


def _reach(*, groups: int, freedom: int) -> float:
    """Return how many standard errors the extremes of equal groups are apart at most.

    Student's quantile by Bonferroni over all pairs, of which these two were chosen with hindsight;
    each jackknife of K groups of images has K - 1 degrees of freedom. The errors of two groups of
    layers, which are of the same images, are taken as independent.
    """
    # scipy takes a while to import, and a client without the extras does not have it.
    from scipy.special import stdtrit

    pairs = max(1, groups * (groups - 1) // 2)
    return float(stdtrit(freedom, 1 - _LEVEL / 2 / pairs))


def _some(embedding: TaskEmbedding, here: slice) -> TaskEmbedding:
    return TaskEmbedding(
        values=embedding.values[here],
        errors=embedding.errors[here],
        replicates=np.ascontiguousarray(embedding.replicates[:, here]),
        # How far a head turns some layers alone is not known.
        provenance=embedding.provenance.model_copy(update={"head_error": 0.0}),
    )
