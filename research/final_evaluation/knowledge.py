"""What is known when somebody asks: tasks, starting models, and outcomes of models on tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from research.bundle import outcomes as transfer_outcomes
from research.final_evaluation.plan import Setting
from research.recipes.outcomes import fine_tuned_outcomes
from research.recipes.tables import read
from research.transfer.outcomes import read_cells
from research.transfer.zoo import DEFAULT, PLAIN, SIDE
from task2vec.distance.asymmetric import ALPHA
from task2vec.distance.matrix import symmetric_matrix
from task2vec.messages.models import Model
from task2vec.messages.outcomes import StoredOutcome
from task2vec.recommendation.answer.question import KnownTask, Question
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.service.workspace import Workspace
from task2vec.types import Vector
from task2vec.types.details import HeadInformation
from task2vec.types.scatter import ClassScatter
from task2vec.types.tuning import TEST_SHARE


@dataclass(frozen=True, eq=False)
class Embedded:
    """What an embedding tells of a task: its values (n,), and what is kept beside them."""

    name: str
    values: Vector
    prior_precision: float
    complexity: float
    classes: int
    images: int
    scatter: ClassScatter | None
    head: HeadInformation | None


@dataclass(frozen=True, eq=False)
class Knowledge:
    """Embedded tasks by name, with their families and superfamilies, and all outcomes on them.

    The models are the plain ones and an expert of each task, called by its name. Those of
    ``experts`` may be taken; of the others the outcomes are known.
    """

    tasks: Mapping[str, Embedded]
    families: Mapping[str, str]
    superfamilies: Mapping[str, str]
    outcomes: Sequence[StoredOutcome]
    experts: frozenset[str]

    def known_to(self, *, family: str, superfamily: str, setting: Setting) -> "Knowledge":
        """Return what is known to one whose target is of a family and superfamily.

        All that comes from an unknown task is unknown, too: its expert, and the outcomes on it and
        of that expert. The target's family is never known; relatives are given to `question`.
        """

        def known(task: str) -> bool:
            if setting is Setting.SUPERFAMILY and self.superfamilies[task] == superfamily:
                return False
            return self.families[task] != family

        tasks = {name: each for name, each in self.tasks.items() if known(name)}
        models = {*PLAIN, *tasks}
        outcomes = [o for o in self.outcomes if o.task in tasks and o.model in models]
        return replace(self, tasks=tasks, outcomes=outcomes)

    def question(
        self, target: Embedded, *, training: int, relative: tuple[Embedded, Model | None] | None
    ) -> Question:
        """Return the product's question about a target with so many ``training`` images.

        ``relative`` is another task of its family, with the model that is an expert of it; None
        where fine-tuning left the default as it was, which is not offered.
        """
        tasks = dict(self.tasks)
        models = [plain_record(name) for name in PLAIN]
        models += [expert_record(name) for name in tasks if name in self.experts]
        others = [expert_record(name) for name in tasks if name not in self.experts]
        if relative is not None:
            task, model = relative
            tasks[task.name] = task
            models += [] if model is None else [model]
        names, every = [*tasks], [*tasks.values(), target]
        between = symmetric_matrix(
            np.stack([each.values for each in every]),
            np.stack([each.values for each in every]),
            prior_precision=target.prior_precision,
        )
        known = {
            name: KnownTask(
                name=name,
                symmetric=distance,
                asymmetric=distance - ALPHA * tasks[name].complexity,
                classes=tasks[name].classes,
                complexity=tasks[name].complexity,
                images=tasks[name].images,
            )
            for name, distance in zip(names, between[-1, :-1].tolist(), strict=True)
        }
        scatters = {name: each.scatter for name, each in tasks.items()}
        heads = {name: each.head for name, each in tasks.items()}
        return Question(
            models=models,
            default=DEFAULT,
            tasks=known,
            between=between[:-1, :-1],
            gains=GainTable(self.outcomes, DEFAULT, shots=training / target.classes),
            others=others,
            name=target.name,
            # All of them train. The product reckons with a part held out to test.
            images=round(training / (1 - TEST_SHARE)),
            classes=target.classes,
            complexity=target.complexity,
            scatters={name: each for name, each in scatters.items() if each is not None},
            scatter=target.scatter,
            heads={name: each for name, each in heads.items() if each is not None},
            head=target.head,
        )


def plain_record(name: str) -> Model:
    """Return the record of a plain model; its id is its name."""
    return _record(name, ref=f"{name}?input_size={SIDE}", task=None)


def expert_record(task: str, *, name: str | None = None) -> Model:
    """Return the record of an expert of a task, which is called like the task or by a ``name``."""
    return _record(name or task, ref=f"file:{name or task}.safetensors", task=task)


def _record(name: str, *, ref: str, task: str | None) -> Model:
    return Model(
        id=name,
        name=name,
        ref=ref,
        architecture=name if task is None else DEFAULT,
        task=task,
        parameters=None,
        input_size=SIDE,
        licence=None,
        created="",
    )


def read_embedded(store: Path) -> dict[str, Embedded]:
    """Return what a store's embeddings tell, by the names of the tasks."""
    found = {}
    with Workspace(store) as workspace:
        opened = workspace.existing_store()
        if opened is None:
            return {}
        tasks = opened.tasks
        records = tasks.list()
        ids = [record.id for record in records]
        scatters, heads, vectors = tasks.scatters(ids), tasks.heads(ids), tasks.embeddings(ids)
        for record in records:
            embedding = vectors[record.id]
            found[record.name] = Embedded(
                name=record.name,
                values=embedding.values,
                prior_precision=embedding.space.prior_precision,
                complexity=record.complexity,
                classes=record.provenance.classes,
                images=record.provenance.images,
                scatter=scatters.get(record.id),
                head=heads.get(record.id),
            )
    return found


def development_outcomes() -> list[StoredOutcome]:
    """Return the committed outcomes of all models on the development tasks."""
    models = {cell.model for cell in read_cells()}
    return [*transfer_outcomes(models), *fine_tuned_outcomes(read())]
