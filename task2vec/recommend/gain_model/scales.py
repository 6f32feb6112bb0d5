"""The widths of the parts of the gain model, and what is thought of them before any outcome."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Scales:
    """``reach`` and ``like`` are symmetric distances, the others standard deviations of gains.

    ``reach`` is how far an expert's own skill carries, ``like`` at which distance two tasks are no
    longer alike (the kernel is 1/e there). ``model``, ``task``, ``pair`` and ``cell`` belong to the
    parts of those names; of plain models ``pair`` and ``cell`` are ``steady`` times as wide, since
    their gains vary less from task to task. ``own`` is how wide, as a share of what like tasks have
    in common, what a task has of its own is: two tasks of the same images may ask for opposite
    skills, such as the letter and the style of a glyph. ``asks`` is how far apart what two tasks
    ask may be, as a Euclidean distance of their scatters made units; ``turn`` is what an expert of
    a near task gains or loses by how what the tasks ask agrees. Its stance on a task is that
    agreement, less the farther the task, from -1 to 1: gains of stances that differ by more than
    ``stance`` tell little of one another. The defaults are measured:
    docs/adr/0026-hierarchical-gains.md, docs/adr/0032-stances.md.
    """

    reach: float = 0.21
    like: float = 0.4
    model: float = 0.085
    task: float = 0.03
    pair: float = 0.09
    cell: float = 0.01
    steady: float = 0.42
    own: float = 0.16
    asks: float = 5.2
    turn: float = 0.17
    stance: float = 0.33

    def to_vector(self) -> NDArray[np.float64]:
        """Return their logarithms, (11,)."""
        return np.log([getattr(self, each.name) for each in fields(self)])

    @classmethod
    def from_vector(cls, logs: NDArray[np.float64]) -> "Scales":
        """Return the scales of given logarithms (11,)."""
        return cls(*np.exp(logs).tolist())


#: How far the logarithm of a scale lies from the default's, with tails of Student's t of `FREEDOM`
#: degrees: outcomes drawn from a zoo tell its scales worse than the defaults do, unless they say
#: plainly that it is quite another. Measured: docs/adr/0033-scales-stay.md.
WIDTHS = np.array([0.075, 0.075, *[0.125] * 9])
FREEDOM = 3.0

#: What experts gain far from their own task, and by how much more at no distance: means and
#: standard deviations, measured with the defaults of `Scales`.
FAR, FAR_DOUBT = -0.076, 0.036
RISE, RISE_DOUBT = 0.167, 0.083

#: The symmetric distance up to which, about, agreement counts: images must be alike for that.
TURN_REACH = 0.3
