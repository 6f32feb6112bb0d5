"""Adds experts with their outcomes to the tables until all are there.

``python -m research.large_zoo`` goes on where it stopped; ``--experts N`` stops after so many of
the plan. One thread: other work on the machine goes on.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import islice

import numpy as np
import torch
from torch import nn

from research.development.tasks import development_tasks
from research.large_zoo.draws import SHOTS
from research.large_zoo.embeddings import (
    Embedded,
    distances_without_noise,
    embedded,
    information,
    plain_distances,
)
from research.large_zoo.images import default_stage, joined, task_images
from research.large_zoo.outcomes import Target, measure, measure_gains
from research.large_zoo.plan import EXPERTS, Source, asked_of, sources, with_targets
from research.large_zoo.tables import (
    SOURCES,
    TARGETS,
    TUNED,
    Quantity,
    SourceRow,
    TargetRow,
    append_cells,
    append_list,
    read_list,
)
from research.large_zoo.training import trained
from research.large_zoo.tuned import tried, tuned_cell
from research.transfer.zoo import DEFAULT
from task2vec.embedding.allocator import keep_freed_memory

ByTarget = dict[Quantity, dict[str, str]]
Measure = Callable[[nn.Module, Target], dict[Quantity, str]]


class Builder:
    """Makes the experts of a plan; what all of them share is computed first."""

    def __init__(self) -> None:
        tasks = development_tasks()
        families = {name: task.family for name, task in tasks.items()}
        #: All tasks, in the order of the tables' columns.
        self.names = list(tasks)
        self._images = {name: task_images(name) for name in tasks}
        default = default_stage()
        self.targets = {name: Target(self._images[name], default) for name in asked_of(families)}
        #: By target: embeddings of all its images, and of the first draw's by images a class.
        self._known = {name: embed_target(target) for name, target in self.targets.items()}
        labels = {name: each.labels for name, each in self._images.items()}
        planned = with_targets(sources(labels, families), self.targets)
        self.plan = list(islice(planned, EXPERTS))

    def default_cells(self) -> ByTarget:
        """Return the cells of the default, whose gains are 0."""
        return _outcomes(default_stage(), self.targets)

    def target_rows(self) -> list[TargetRow]:
        """Return the rows of the table of tasks."""
        rows = []
        for name, task in development_tasks().items():
            target = Target(self._images[name], default_stage())
            rows.append(target_row(target, task.family, embed_target(target)[0]))
        return rows

    def add(self, source: Source) -> None:
        """Train an expert and add it to the tables; its own row, the last, says that it is done."""
        images = joined([self._images[name] for name in source.tasks])
        expert = trained(source, images)
        began = time.process_time()
        # What shares images with the source is itself, and no outcome.
        others = {name: each for name, each in self.targets.items() if name not in source.tasks}
        cells = _outcomes(expert.last, others)
        outcome_seconds = time.process_time() - began
        began = time.process_time()
        own = embedded(f"source-{source.number:03}", images, source.rows, source.labels)
        embedding_seconds = time.process_time() - began
        cells |= self._distances(own, list(others))
        names = self.names
        rows = [
            tuned_cell(str(source.number), expert.last, self.targets[name], shots)
            for name, shots in tried(source, list(others))
        ]
        append_cells(str(source.number), cells, targets=names)
        if source.has_early:
            early = _outcomes(expert.early, others, measure_gains)
            append_cells(f"{source.number} early", early, targets=names)
        append_list(rows, TUNED)
        append_list(
            [
                SourceRow(
                    source=source.number,
                    tasks="+".join(source.tasks),
                    classes=len(source.classes),
                    images=len(source.rows),
                    rate=source.rate,
                    epochs=expert.epochs,
                    early=source.has_early,
                    accuracy=expert.accuracy,
                    complexity=own.complexity,
                    nats=own.nats,
                    head_accuracy=own.accuracy,
                    head_loss=own.loss,
                    training_seconds=expert.seconds,
                    outcome_seconds=outcome_seconds,
                    embedding_seconds=embedding_seconds,
                )
            ],
            SOURCES,
        )

    def _distances(self, own: Embedded, others: list[str]) -> ByTarget:
        known = [self._known[name] for name in others]
        far = {
            Quantity.FAR: plain_distances([own], [whole for whole, _ in known])[0],
            **{
                Quantity(f"far {shots}"): distances_without_noise(
                    own, [few[shots] for _, few in known]
                )
                for shots in SHOTS
            },
        }
        # Three decimals: the noise is larger, and there are half a thousand rows of each.
        cells: ByTarget = {
            quantity: {name: f"{value:.3f}" for name, value in zip(others, values, strict=True)}
            for quantity, values in far.items()
        }
        nats = {name: information(own, self._known[name][0]) for name in others}
        cells[Quantity.NATS] = {name: f"{value:.3g}" for name, value in nats.items()}
        return cells


def _outcomes(
    stage: nn.Module, targets: Mapping[str, Target], measured: Measure = measure
) -> ByTarget:
    cells: ByTarget = defaultdict(dict)
    for name, target in targets.items():
        for quantity, text in measured(stage, target).items():
            cells[quantity][name] = text
    return cells


def embed_target(target: Target) -> tuple[Embedded, dict[int, Embedded]]:
    """Embed all images of a target, and those that somebody who asks has, by images a class."""
    images, name = target.images, target.images.name
    rows = np.arange(len(images.labels))
    few = {
        shots: embedded(f"{name}-{shots}", images, chosen, images.labels[chosen])
        for shots, chosen in target.draws[0].train.items()
    }
    return embedded(name, images, rows, images.labels), few


def target_row(target: Target, family: str, whole: Embedded) -> TargetRow:
    """Return the row of a target, with what the default does there."""
    images, draws = target.images, target.draws
    right = {key: int(answers.sum()) for key, answers in target.default.right.items()}
    held_out = {
        shots: 0 if found is None else int(found.correct.sum())
        for shots, found in target.default.held_out.items()
    }
    return TargetRow(
        task=images.name,
        family=family,
        classes=images.classes,
        images=len(images.labels),
        test_0=len(draws[0].test),
        test_1=len(draws[1].test),
        train_5=len(draws[0].train[5]),
        train_10=len(draws[0].train[10]),
        right_5_0=right[5, 0],
        right_5_1=right[5, 1],
        right_10_0=right[10, 0],
        right_10_1=right[10, 1],
        held_out_5=held_out[5],
        held_out_10=held_out[10],
        complexity=whole.complexity,
        nats=whole.nats,
    )


def main() -> None:
    """Add what the tables lack."""
    parser = argparse.ArgumentParser(prog="python -m research.large_zoo")
    parser.add_argument("--experts", type=int, default=EXPERTS, help="of the plan; without, all")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    builder = Builder()
    if not read_list(TargetRow, TARGETS):
        append_cells(DEFAULT, builder.default_cells(), targets=builder.names)
        append_list(builder.target_rows(), TARGETS)
    done = {row.source for row in read_list(SourceRow, SOURCES)}
    for source in islice(builder.plan, asked.experts):
        if source.number not in done:
            began = time.process_time()
            builder.add(source)
            seconds = time.process_time() - began
            what = f"{len(source.rows)} images of {'+'.join(source.tasks)}"
            print(f"{source.number}: {what}, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
