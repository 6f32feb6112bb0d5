"""Embeddings: one number for each filter of a probe, with their provenance."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from task2vec.errors import SettingError, WrongTypeError
from task2vec.types.html import html_table
from task2vec.types.provenance import Provenance, Space

Vector = NDArray[np.float32]
Ratios = NDArray[np.float16]

_Float = TypeVar("_Float", np.float16, np.float32)


@dataclass(frozen=True, eq=False)
class TaskEmbedding:
    """One non-negative number per convolution filter of the probe, with its provenance.

    ``values`` (n,) float32 is the mean of the diagonal Fisher information over each filter's
    weights, ``errors`` (n,) float32 the standard error of each element. ``replicates`` (K, n)
    float16 are the estimates from K >= 2 disjoint groups of the images, of equal shares, each
    divided by the estimate from all images (1 where that is 0): they tell how the elements move
    together when the images change, which the errors do not. All three are read-only.
    """

    values: Vector
    errors: Vector
    replicates: Ratios
    provenance: Provenance

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _magnitudes("values", self.values, np.float32))
        object.__setattr__(self, "errors", _magnitudes("errors", self.errors, np.float32))
        ratios = _magnitudes("replicates", self.replicates, np.float16)
        object.__setattr__(self, "replicates", ratios)
        if self.values.ndim != 1 or not self.values.size or self.errors.shape != self.values.shape:
            raise SettingError(
                "An embedding needs a number and its standard error per filter",
                expected="values and errors of one shape (n,)",
                got=f"{self.values.shape} and {self.errors.shape}",
            )
        _check_groups(self.replicates.shape, values=self.values.shape)

    @classmethod
    def from_estimates(
        cls,
        *,
        values: NDArray[np.float64],
        errors: NDArray[np.float64],
        replicates: NDArray[np.float64],
        provenance: Provenance,
    ) -> "TaskEmbedding":
        """Make an embedding of estimates from all images and from disjoint groups of them.

        Args:
            values: the estimate from all images, shape (n,).
            errors: the standard error of each element, shape (n,).
            replicates: the estimate from each group, in the unit of ``values``, shape (K, n).
            provenance: what all of it depends on.

        Raises:
            SettingError: for fewer than 2 groups, shapes that do not fit, or numbers that are
                negative, not finite, or too large.
        """
        whole, groups = np.asarray(values), np.asarray(replicates)
        _check_groups(groups.shape, values=whole.shape)
        # What overflows becomes inf, and is refused as such.
        with np.errstate(over="ignore", invalid="ignore"):
            ratios = np.divide(groups, whole, out=np.ones(groups.shape), where=whole > 0)
            return cls(
                values=whole.astype(np.float32),
                errors=np.asarray(errors).astype(np.float32),
                replicates=ratios.astype(np.float16),
                provenance=provenance,
            )

    @property
    def space(self) -> Space:
        """The space that this embedding may be compared in."""
        return self.provenance.space

    def __repr__(self) -> str:
        about = self.provenance
        count = len(about.warnings)
        warned = f", {count} warning{'s' * (count > 1)}" if count else ""
        return (
            f"<TaskEmbedding by {about.probe_name}: {about.images:,} images of {about.classes:,} "
            f"classes, {self.values.size:,} elements, standard error "
            f"{about.standard_error:.3f}{warned}>"
        )

    def _repr_html_(self) -> str:
        about = self.provenance
        rows = [
            ("images", f"{about.images:,} of {about.classes:,} classes"),
            ("elements", f"{self.values.size:,}, one per filter"),
            ("standard error", f"{about.standard_error:.3f}"),
            ("estimator", f"{about.estimator}, seed {about.seed}"),
            ("head", f"training accuracy {100 * about.head.training_accuracy:.1f} %"),
            ("content", about.content_hash[:12]),
        ]
        notes = [f"Warning: {warning}" for warning in about.warnings]
        return html_table(f"Embedding by {about.probe_name}", rows, notes=notes)


def check_embeddings(**given: object) -> None:
    """Raise `WrongTypeError` for an argument that is no `TaskEmbedding`, by its name."""
    for argument, value in given.items():
        if not isinstance(value, TaskEmbedding):
            raise WrongTypeError.of(
                argument,
                expected="a TaskEmbedding",
                got=value,
                remedy="Make one with `task2vec.embed(SOURCE)`, or load one with "
                "`name, embedding = task2vec.load_embedding(FILE)`.",
            )


def _magnitudes(name: str, given: ArrayLike, kind: type[_Float]) -> NDArray[_Float]:
    """Return a read-only copy of that type, or raise `SettingError`."""
    with np.errstate(over="ignore"):
        array = np.array(given, dtype=kind)
    if not np.isfinite(array).all() or (array < 0).any():
        raise SettingError(
            f"The {name} of an embedding are unusable",
            expected=f"finite, non-negative numbers that {array.dtype} can hold",
            got=f"numbers from {array.min(initial=np.inf)} to {array.max(initial=0)}",
        )
    array.flags.writeable = False
    return array


def _check_groups(replicates: tuple[int, ...], *, values: tuple[int, ...]) -> None:
    if len(replicates) != 2 or replicates[0] < 2 or replicates[1:] != values:
        raise SettingError(
            "The noise of an embedding is told from at least 2 groups of its images",
            expected=f"replicates of shape (K, {values[-1] if values else 'n'}), K >= 2",
            got=f"shape {replicates}",
        )
