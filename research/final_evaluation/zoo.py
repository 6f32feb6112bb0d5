"""The starting models, loaded when they are asked for, and experts of relatives."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import process_time

from research.development.tasks import DevelopmentTask
from research.final_evaluation.knowledge import Embedded, expert_record, read_embedded
from research.final_evaluation.tables import Prepared, append, path_of, read
from research.transfer.zoo import DEFAULT, PLAIN, Starting, expert, plain_model
from task2vec.client.local import LocalClient
from task2vec.data.open import open_source
from task2vec.data.task import Task
from task2vec.finetuning.card import METADATA_KEY
from task2vec.finetuning.checkpoint import Expert
from task2vec.finetuning.run import tune
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.messages.models import Model
from task2vec.messages.settings import TuningSettings
from task2vec.probe.registry import load_probe
from task2vec.probe.weight_files import read_metadata

#: Starting models that stay in memory.
_HELD = 12
#: What experts of relatives are called, since a development expert may have the task's name.
EXPERT_OF = "expert of "
_EMBEDDING, _EXPERT = "embedding", "expert"


@dataclass
class Zoo:
    """Models and embeddings; what is made is kept in ``folder``, and its seconds in a table.

    ``development`` are the tasks that the development experts are of, ``evaluated`` those that are
    asked about; relatives are among these.
    """

    development: Mapping[str, DevelopmentTask]
    evaluated: Mapping[str, DevelopmentTask]
    folder: Path
    tables: Path
    kind: str
    _held: "OrderedDict[str, Starting]" = field(default_factory=OrderedDict)

    @cached_property
    def loading(self) -> float:
        """Processor seconds that loading the default takes."""
        began = process_time()
        plain_model(DEFAULT)
        return process_time() - began

    def load(self, name: str) -> Starting:
        """Return a starting model by its name."""
        if name not in self._held:
            self._held[name] = self._load(name)
            if len(self._held) > _HELD:
                # The default is asked for by everybody.
                self._held.pop(next(each for each in self._held if each != DEFAULT))
        self._held.move_to_end(name)
        return self._held[name]

    def relative(self, name: str) -> tuple[Embedded, Model | None]:
        """Return a task as a relative of another, and the record of its expert, both made first.

        There is no record where `finetune` left the default as it was: the product offers no such
        model.
        """
        task = self.evaluated[name]
        embedded = self.embedded(open_source(task.folder), name)
        made = json.loads(read_metadata(self._expert(task)).get(METADATA_KEY, "{}"))
        if not made["best_epoch"]:
            return embedded, None
        return embedded, expert_record(name, name=f"{EXPERT_OF}{name}")

    def embedded(self, task: Task, name: str) -> Embedded:
        """Return what the product's embedding of a task tells; it is computed once."""
        store = self.folder / "store"
        found = read_embedded(store)
        # One whose seconds were noted elsewhere is computed anew: they count.
        if name not in found or self.embedding_seconds(name) is None:
            began = process_time()
            with LocalClient(store) as client:
                client.embed(task, name=name, update=True, progress=False)
            self._note(_EMBEDDING, name, process_time() - began)
            found = read_embedded(store)
        return found[name]

    def embedding_seconds(self, name: str) -> float | None:
        """Return the processor seconds that an embedding took; None where the table has none."""
        rows = read(path_of(self.kind, Prepared, self.tables), Prepared)
        noted = (row.seconds for row in rows if (row.what, row.name) == (_EMBEDDING, name))
        return next(noted, None)

    def _load(self, name: str) -> Starting:
        if name in PLAIN:
            return plain_model(name)
        plain = self.load(DEFAULT)
        if not name.startswith(EXPERT_OF):
            return expert(self.development[name], plain.probe, lambda _words: None)
        task = self.evaluated[name.removeprefix(EXPERT_OF)]
        probe = load_probe(f"file:{self._expert(task)}")
        # No score here looks at the classifier of a model's own training.
        return Starting(name, task.name, probe, plain.classifier)

    def _expert(self, task: DevelopmentTask) -> Path:
        """Return the file of an expert that `finetune` makes of a task, with its own settings."""
        path = self.folder / "experts" / f"{task.name}.safetensors"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            began = process_time()
            about = Expert(f"{EXPERT_OF}{task.name}", task.name, DEFAULT)
            tune(
                self.load(DEFAULT).probe,
                open_source(task.folder),
                images=TuningSettings().images,
                settings=FineTuningSettings(),
                expert=about,
                target=path,
            )
            self._note(_EXPERT, task.name, process_time() - began)
        return path

    def _note(self, what: str, name: str, seconds: float) -> None:
        append(path_of(self.kind, Prepared, self.tables), [Prepared(what, name, seconds)])
