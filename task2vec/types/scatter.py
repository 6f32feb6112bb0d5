"""What a task asks of a network's features: how its classes lie in them, and what varies within."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from task2vec.errors import InputError

Factor: TypeAlias = NDArray[np.float16]

#: Principal directions that are kept of either part: with 32 the overlaps of `compare_scatters` are
#: those of all directions to 0.001, and the agreements to 0.03.
MOST_DIRECTIONS = 32
_MOST_FEATURES = 65_536
_ROUNDING = 0.05
_HEAD = np.dtype([("between", "<u4"), ("within", "<u4"), ("features", "<u4")])


@dataclass(frozen=True, eq=False)
class ClassScatter:
    """The two scatter matrices of discriminant analysis (Fisher 1936), each as a factor.

    The scatter of D features between classes is ``between^T between``, that of the images of one
    class ``within^T within``, each but for a factor: ``between`` is (r, D), ``within`` (q, D), with
    unit Frobenius norm and at most `MOST_DIRECTIONS` rows, the principal directions. Raises
    `InputError` for other shapes, no rows, what is not finite, and another norm.
    """

    between: Factor
    within: Factor

    def __post_init__(self) -> None:
        shapes = self.between.shape, self.within.shape
        fits = (
            all(len(shape) == 2 and 0 < shape[0] <= MOST_DIRECTIONS for shape in shapes)
            and shapes[0][1] == shapes[1][1]
            and 0 < shapes[0][1] <= _MOST_FEATURES
        )
        # Half precision takes some thousandths off; infinite elements have no norm near 1 either.
        norms = [np.linalg.norm(part.astype(np.float64)) for part in (self.between, self.within)]
        if not fits or not all(abs(norm - 1) < _ROUNDING for norm in norms):
            raise InputError(
                "This is no class scatter",
                expected=f"two matrices of 1 to {MOST_DIRECTIONS} rows, equal width and norm 1",
                got=" and ".join(
                    f"{shape} of norm {norm:.3g}" for shape, norm in zip(shapes, norms, strict=True)
                ),
            )

    def __eq__(self, other: object) -> bool:
        """Return whether both are of the same numbers."""
        return isinstance(other, ClassScatter) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        """Return a hash of the numbers."""
        return hash(self.to_bytes())

    @property
    def features(self) -> int:
        """D."""
        return int(self.between.shape[1])

    def to_bytes(self) -> bytes:
        """Return the numbers, after their shapes; `from_bytes` is the inverse."""
        head = np.array((len(self.between), len(self.within), self.features), dtype=_HEAD)
        parts = (self.between, self.within)
        return head.tobytes() + b"".join(part.astype("<f2").tobytes() for part in parts)

    @classmethod
    def from_bytes(cls, data: bytes) -> "ClassScatter":
        """Rebuild what `to_bytes` wrote; raises `InputError` for anything else."""
        if len(data) < _HEAD.itemsize:
            raise _cut_off(data)
        r, q, features = map(int, np.frombuffer(data[: _HEAD.itemsize], _HEAD)[0])
        if len(data) != _HEAD.itemsize + 2 * (r + q) * features or not features:
            raise _cut_off(data)
        rows = np.frombuffer(data, "<f2", offset=_HEAD.itemsize).reshape(r + q, features)
        return cls(rows[:r].astype(np.float16), rows[r:].astype(np.float16))


def _cut_off(data: bytes) -> InputError:
    return InputError(
        "This is no class scatter", expected="shapes and as many numbers", got=f"{len(data)} bytes"
    )
