"""What the tables hold of the zoo, as arrays, and how its tasks are related."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from research.development.tasks import SUPERFAMILIES
from research.large_zoo.draws import SHOTS
from research.large_zoo.embeddings import (
    Embedded,
    distances_without_noise,
    plain_distances,
    read_embedded,
)
from research.large_zoo.images import folder
from research.large_zoo.plan import HARMFUL_RATE, asked_of
from research.large_zoo.tables import (
    SOURCES,
    TARGETS,
    Quantity,
    SourceRow,
    TargetRow,
    matrix,
    read_cells,
    read_list,
)
from research.transfer.zoo import DEFAULT
from task2vec.distance.scatter import compare_scatters
from task2vec.recommendation.evidence.world import Indices, Mask, Matrix

#: What is left out of a zoo with the target: its task, its family, or its superfamily.
LEFT_OUT = TASK, FAMILY, SUPERFAMILY = "task", "family", "superfamily"


@dataclass(frozen=True, eq=False)
class Zoo:
    """M models, the default first, then experts by number; T targets.

    By images a class: ``gains`` (M, T, 2) and their ``variances`` by draw, on the test images;
    ``held_out`` (M, T) and ``held_out_variances``, ``logme``, ``ridge_error`` of the first draw's
    training images. ``far`` (M, T) are plain symmetric distances of the experts' sources, ``nats``
    information distances, both nan of the default; ``far_few`` by images a class. What an expert
    has in common with a target's own task is nan throughout.

    ``related`` (M - 1, T) by `LEFT_OUT`: whether the expert saw the target's task, one of its
    family, or one of its superfamily.
    """

    sources: tuple[SourceRow, ...]
    targets: tuple[TargetRow, ...]
    gains: dict[int, Matrix]
    variances: dict[int, Matrix]
    held_out: dict[int, Matrix]
    held_out_variances: dict[int, Matrix]
    logme: dict[int, Matrix]
    ridge_error: dict[int, Matrix]
    far: Matrix
    far_few: dict[int, Matrix]
    nats: Matrix
    related: dict[str, Mask]

    @property
    def names(self) -> tuple[str, ...]:
        """The targets' names."""
        return tuple(target.task for target in self.targets)

    @property
    def families(self) -> tuple[str, ...]:
        """The targets' families."""
        return tuple(target.family for target in self.targets)

    @property
    def superfamilies(self) -> tuple[str, ...]:
        """The kinds of the targets' families."""
        return tuple(SUPERFAMILIES[family] for family in self.families)

    def groups(self, left_out: str) -> tuple[str, ...]:
        """Return the targets' tasks, families or superfamilies."""
        return {"task": self.names, "family": self.families, "superfamily": self.superfamilies}[
            left_out
        ]


def read_zoo() -> Zoo:
    """Read the tables, but for the experts of the rate that harms."""
    rows = sorted(read_list(SourceRow, SOURCES), key=lambda row: row.source)
    sources = tuple(row for row in rows if row.rate != HARMFUL_RATE)
    tasks = read_list(TargetRow, TARGETS)
    family_of = {row.task: row.family for row in tasks}
    names = list(asked_of(family_of))
    targets = tuple(sorted((row for row in tasks if row.task in names), key=lambda r: r.family))
    cells = read_cells()
    models = [DEFAULT, *(str(source.source) for source in sources)]

    def table(quantity: str) -> Matrix:
        return matrix(cells, Quantity(quantity), models=models, targets=names)

    gains, variances, held, held_variances = {}, {}, {}, {}
    for shots in SHOTS:
        counts = np.stack([table(f"gain {shots} {draw}") for draw in (0, 1)], axis=2)
        tested = np.array([[target.test_0, target.test_1] for target in targets])
        gains[shots], variances[shots] = paired(counts, tested)
        trained = np.array([getattr(target, f"train_{shots}") for target in targets])
        held[shots], held_variances[shots] = paired(table(f"held out {shots}"), trained)
    return Zoo(
        sources=sources,
        targets=targets,
        gains=gains,
        variances=variances,
        held_out=held,
        held_out_variances=held_variances,
        logme={shots: table(f"logme {shots}") for shots in SHOTS},
        ridge_error={shots: table(f"ridge {shots}") for shots in SHOTS},
        far=table("far"),
        far_few={shots: table(f"far {shots}") for shots in SHOTS},
        nats=table("nats"),
        related=related_tasks([source.tasks.split("+") for source in sources], names, family_of),
    )


def related_tasks(
    sources: Sequence[Sequence[str]], targets: Sequence[str], family_of: Mapping[str, str]
) -> dict[str, Mask]:
    """Return (S, T), by `LEFT_OUT`, whether a source has a task that is the target or alike."""
    group_of = dict(
        zip(
            LEFT_OUT,
            (
                {name: name for name in family_of},
                family_of,
                {name: SUPERFAMILIES[family] for name, family in family_of.items()},
            ),
            strict=True,
        )
    )
    return {
        what: np.array(
            [[of[t] in {of[name] for name in tasks} for t in targets] for tasks in sources]
        )
        for what, of in group_of.items()
    }


def paired(counts: Matrix, images: Indices) -> tuple[Matrix, Matrix]:
    """Return gains and their variances from counts (..., 2) of images won and lost.

    One more of each is added to the variance, as `paired_gain` does.
    """
    won, lost = counts[..., 0], counts[..., 1]
    gain = (won - lost) / images
    return gain, (won + lost + 2) / images**2 - gain**2 / images


def mean_gains(zoo: Zoo, shots: int) -> tuple[Matrix, Matrix]:
    """Return the gains (M, T) over both draws, and the variances of these means.

    Draws train on other images, too: what they differ by beyond their test images, on average over
    all cells, is added.
    """
    gains, variances = zoo.gains[shots], zoo.variances[shots]
    between = np.square(gains[1:, :, 0] - gains[1:, :, 1]) / 2
    more = max(0.0, float(np.nanmean(between - variances[1:].mean(axis=2))))
    return gains.mean(axis=2), variances.mean(axis=2) / 2 + more / 2


@dataclass(frozen=True, eq=False)
class Relations:
    """S sources, then T targets by all images, then T by the first draw's training images.

    ``plain`` (S + T, S + T) are symmetric distances of the first two, ``few`` (S + T, T) those to
    the third without noise; ``overlap`` and ``agreement`` (S + 2 T, S + 2 T) are of the scatters.
    """

    plain: Matrix
    few: Matrix
    overlap: Matrix
    agreement: Matrix


def read_relations(zoo: Zoo, shots: int) -> Relations:
    """Return the relations by the embeddings that `research.large_zoo` kept, the draw's by shots.

    They are not in the tables: half a million numbers that take two minutes to compute. They are
    kept beside the embeddings, by the sources that there are.
    """
    names = [f"source-{source.source:03}" for source in zoo.sources]
    key = zlib.crc32(" ".join([*names, *zoo.names]).encode())
    path = folder() / f"relations-{shots}-{key:08x}.npz"
    if not path.exists():
        found = related(
            [read_embedded(name) for name in names],
            [read_embedded(name) for name in zoo.names],
            [read_embedded(f"{name}-{shots}") for name in zoo.names],
        )
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, **vars(found))
        partial.rename(path)
    with np.load(path) as file:
        return Relations(**dict(file))


def related(
    sources: Sequence[Embedded], targets: Sequence[Embedded], few: Sequence[Embedded]
) -> Relations:
    """Compare all tasks with one another as the product does: see `Relations`."""
    known = [*sources, *targets]
    scatters = compare_scatters([each.scatter for each in (*known, *few)])
    plain = plain_distances(known, known)
    np.fill_diagonal(plain, 0.0)
    return Relations(
        plain=plain,
        few=np.stack([distances_without_noise(target, known) for target in few], axis=1),
        overlap=scatters.overlap,
        agreement=scatters.agreement,
    )
