"""Where to put boxes (labels, thumbnails) beside their points so that nothing is covered.

Point-feature labelling by greedy search over candidate places (Christensen, Marks and Shieber
1995), repeated with the boxes that found no place moved to the front ("squeaky wheel", Joslin and
Clements 1999). A box that still finds none is left out: no box ever overlaps another one.
Lengths are in pixels and y points up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Area = tuple[float, float, float, float]

_GAP = 9.0
_ROUNDS = 12
_PATIENCE = 2
_LEADER_STEP = 5.0
_CROSSING = 6.0
_SECOND_BEST = 5.0
_NUDGES = (0.0, 0.25, 0.5, 0.75, 1.0)
_PUSHES = 200
_BETWEEN = 4.0
# Right of the point reads best, then left, above, below and the diagonals (Imhof 1975).
_ANGLES = np.deg2rad([0, 180, 90, 270, 45, 315, 135, 225, *np.arange(22.5, 360, 45)])
_PREFERENCE = np.linspace(0, 0.4, len(_ANGLES))
# A label as near to another point as to its own is ambiguous: worse than any direction and as
# bad as a short leader line.
_AMBIGUOUS = 0.9


@dataclass(frozen=True)
class Placement:
    """The centre of a placed box; where it lies ``apart`` a leader line should join its point.

    ``alternative`` is the number of the request that was granted.
    """

    x: float
    y: float
    apart: bool
    alternative: int = 0


@dataclass(frozen=True)
class Request:
    """A box of ``width`` by ``height`` for the point at ``(x, y)`` whose mark has ``radius``.

    ``home`` is the offset of a centre to prefer to all others, over the point itself, and
    ``slack`` how far from there the box may be nudged and still count as lying on its point;
    without a home it stays off its point.
    """

    x: float
    y: float
    width: float
    height: float
    radius: float
    home: tuple[float, float] | None = None
    slack: float = 0.0


def place(
    items: Sequence[Sequence[Request]],
    *,
    marks: Array,
    area: Area,
    rings: int,
) -> list[Placement | None]:
    """Place a box for each item within ``area`` (x0, y0, x1, y1), clear of the other boxes and of
    others' marks.

    An item is one or more requests for one point, the one to prefer first. ``marks`` (k, 4) are
    the boxes of all marks, those of the items among them. ``rings`` is how many steps away, joined
    by a leader line, a box may lie; with 0 it touches its point. The result is in the order of
    the items, None where there was no room.
    """
    requests = [alternatives[0] for alternatives in items]
    centres = np.array([(r.x, r.y) for r in requests]).reshape(-1, 2)
    reach = max((r.width for r in requests), default=0.0)
    crowd = (np.abs(centres[:, None] - centres[None]).max(axis=-1) < reach).sum(axis=1)
    order = [int(i) for i in np.argsort(-crowd, kind="stable")]
    wishes = _pushed_apart(requests)
    best: list[Placement | None] = [None] * len(items)
    least, since = np.inf, 0
    for _ in range(_ROUNDS):
        placed, costs = _attempt(items, order, wishes=wishes, marks=marks, area=area, rings=rings)
        since += 1
        if costs.sum() < least:
            best, least, since = placed, float(costs.sum()), 0
        failed = [i for i in order if placed[i] is None]
        if not failed or since == _PATIENCE:
            break
        order = failed + [i for i in order if placed[i] is not None]
    return best


def spread_order(positions: Array) -> list[int]:
    """Return an order of the points (m, 2) whose every beginning is spread over all of them.

    Farthest-point traversal (Gonzalez 1985) from the point nearest to the centre.
    """
    nearest = np.full(len(positions), np.inf)
    following = int(np.argmin(((positions - positions.mean(axis=0)) ** 2).sum(axis=1)))
    order = []
    for _ in range(len(positions)):
        order.append(following)
        nearest = np.minimum(nearest, ((positions - positions[following]) ** 2).sum(axis=1))
        nearest[following] = -1.0
        following = int(np.argmax(nearest))
    return order


def _pushed_apart(requests: Sequence[Request]) -> Array:
    """Return offsets (m, 2) from the points at which boxes over their points overlap less.

    Each pair that overlaps shares the way that parts it, as far as their slack goes: greedy
    placing alone would leave the first where it is and send the second away.
    """
    points = np.array([(r.x, r.y) for r in requests]).reshape(-1, 2)
    homes = np.array([r.home or (np.nan, np.nan) for r in requests]).reshape(-1, 2)
    slack = np.array([r.slack for r in requests])[:, None]
    sizes = np.array([(r.width, r.height) for r in requests]).reshape(-1, 2)
    room = (sizes[:, None] + sizes[None]) / 2 + _BETWEEN
    offsets = homes.copy()
    for _ in range(_PUSHES):
        centres = points + offsets
        apart = centres[:, None] - centres[None]
        overlap = room - np.abs(apart)
        overlap[~(overlap > 0).all(axis=-1)] = 0.0
        np.einsum("iij->ij", overlap)[:] = 0.0
        # Along the axis that parts them soonest; coincident boxes part by their order.
        along = overlap == overlap.min(axis=-1, keepdims=True)
        ahead = np.tril(np.ones(overlap.shape[:2]))[..., None] > 0
        sign = np.where((apart > 0) | ((apart == 0) & ahead), 1.0, -1.0)
        push = (overlap * along * sign).sum(axis=1) / 2
        if not push.any():
            break
        offsets = np.clip(offsets + 0.5 * push, homes - slack, homes + slack)
    return offsets


def _attempt(
    items: Sequence[Sequence[Request]],
    order: Sequence[int],
    *,
    wishes: Array,
    marks: Array,
    area: Area,
    rings: int,
) -> tuple[list[Placement | None], Array]:
    """Place item after item in ``order``, each at its cheapest free candidate."""
    placed: list[Placement | None] = [None] * len(items)
    # One more box in place is worth any detour of the others.
    costs = np.full(len(items), 1e3)
    taken, trails = np.empty((0, 4)), np.empty((0, 4))
    for i in order:
        best = None
        for alternative, request in enumerate(items[i]):
            handicap = alternative * _SECOND_BEST
            if best is not None and costs[i] <= handicap:
                break
            candidate = _cheapest(
                request,
                wish=wishes[i],
                marks=marks,
                taken=taken,
                trails=trails,
                area=area,
                rings=rings,
            )
            if candidate is not None and candidate.cost + handicap < costs[i]:
                best, costs[i] = candidate, candidate.cost + handicap
                x, y = (candidate.box[:2] + candidate.box[2:]) / 2
                placed[i] = Placement(float(x), float(y), candidate.apart, alternative)
        if best is not None:
            taken = np.concatenate([taken, _grown(best.box[None], 1.0)])
            trails = np.concatenate([trails, best.trail])
    return placed, costs


@dataclass(frozen=True)
class _Place:
    box: Array
    trail: Array
    apart: bool
    cost: float


def _cheapest(
    request: Request,
    *,
    wish: Array,
    marks: Array,
    taken: Array,
    trails: Array,
    area: Area,
    rings: int,
) -> _Place | None:
    """Return the best candidate clear of ``taken`` boxes, others' marks and leader ``trails``."""
    # Marks within a pixel of its own hide each other anyway.
    offset = (marks[:, :2] + marks[:, 2:]) / 2 - (request.x, request.y)
    others = marks[np.abs(offset).max(axis=1) > 1]
    boxes, cost, apart = _candidates(request, wish=wish, rings=rings)
    reach = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])[None]
    others, taken, trails = (b[_overlaps(reach, b)[0]] for b in (others, taken, trails))
    free = (boxes[:, :2] >= area[:2]).all(axis=1) & (boxes[:, 2:] <= area[2:]).all(axis=1)
    free &= ~_overlaps(boxes, np.concatenate([others, taken, trails])).any(axis=1)
    near = _overlaps(_grown(boxes, request.radius), others).any(axis=1)
    cost = cost + np.where(near, _AMBIGUOUS, 0.0)
    # A leader may begin beneath a box that covers its point, as over a twin it must.
    point = np.array([[request.x, request.y, request.x, request.y]])
    barriers = taken[~_overlaps(_grown(point, 1.0), taken)[0]]
    lines = np.concatenate([others, trails])
    crossing = None
    for j in np.flatnonzero(free)[np.argsort(cost[free], kind="stable")]:
        if crossing is not None and cost[j] > crossing.cost:
            break
        trail = _trail(request, boxes[j]) if apart[j] else np.empty((0, 4))
        if _overlaps(trail, barriers).any():
            continue
        if not _overlaps(trail, lines).any():
            return _Place(boxes[j], trail, bool(apart[j]), float(cost[j]))
        # A line across marks and other lines is a last resort.
        if crossing is None:
            crossing = _Place(boxes[j], trail, bool(apart[j]), float(cost[j]) + _CROSSING)
    return crossing


def _candidates(
    request: Request, *, wish: Array, rings: int
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return boxes (c, 4), their costs (c,), and which of them need a leader line (c,)."""
    cos, sin = np.cos(_ANGLES), np.sin(_ANGLES)
    # From 45 degrees on the box leans with a corner, else with the middle of a side, or between.
    lean = np.clip(2 * np.stack([cos, sin], axis=1), -1, 1)
    half = np.array([request.width, request.height]) / 2
    steps = np.arange(rings + 1)
    radii = request.radius + _GAP + steps * 0.8 * min(request.height, 40.0)
    offsets = radii[:, None, None] * np.stack([cos, sin], axis=1) + lean * half
    cost = (1.0 * steps)[:, None] + _PREFERENCE
    offsets, cost = offsets.reshape(-1, 2), cost.reshape(-1)
    apart = np.repeat(steps > 0, len(_ANGLES))
    if request.home is not None:
        # A box that may lie on its point lies there, or nudged, or on a leader.
        circle = np.stack([cos, sin], axis=1)
        nudges = [
            wish - request.home,
            *(request.slack * n * turn for n in _NUDGES for turn in circle),
        ]
        away = np.linalg.norm(nudges, axis=1) / max(request.slack, 1e-9)
        away[0] = 0.0
        offsets = np.concatenate([np.add(request.home, nudges), offsets[: rings * len(_ANGLES)]])
        cost = np.concatenate([away - 2.0, cost[: rings * len(_ANGLES)]])
        apart = np.arange(len(cost)) >= len(nudges)
    centres = np.array([request.x, request.y]) + offsets
    return np.concatenate([centres - half, centres + half], axis=1), cost, apart


def _trail(request: Request, box: Array) -> Array:
    """Return the leader from the point's mark to the nearest point of its box as a chain of small
    boxes, so that lines too are kept clear."""
    start = np.array([request.x, request.y])
    end = np.clip(start, box[:2], box[2:])
    length = float(np.linalg.norm(end - start))
    along = np.arange(request.radius, length, _LEADER_STEP)[:, None] / max(length, 1e-9)
    middles = start + along * (end - start)
    return np.concatenate([middles - 1.5, middles + 1.5], axis=1)


def _grown(boxes: Array, by: float) -> Array:
    return np.asarray(boxes + np.array([-by, -by, by, by]), dtype=np.float64)


def _overlaps(a: Array, b: Array) -> NDArray[np.bool_]:
    """Return which boxes of ``a`` (n, 4) overlap which of ``b`` (k, 4), as (n, k)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.asarray((low < high).all(axis=-1))
