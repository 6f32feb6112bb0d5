"""The work of a job, whatever brought it here: from a question and images to findings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from task2vec.data.formats.images import Images
from task2vec.data.task import Task
from task2vec.embedding.embedder import ErrorSoFar, Progress
from task2vec.embedding.engine import LocalEngine
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.embedding.thumbnail import thumbnail
from task2vec.errors import (
    JobCancelledError,
    MissingExtraError,
    SettingError,
    TooLargeError,
    WeightsError,
)
from task2vec.finetune.card import read_classifier_card
from task2vec.finetune.classifier import load_classifier
from task2vec.finetune.details import details_of
from task2vec.finetune.predict import Prediction, predictions
from task2vec.finetune.prober import Prober, model_digest
from task2vec.finetune.result import Tuned
from task2vec.finetune.run import Expert, tune
from task2vec.finetune.settings import FineTuningSettings
from task2vec.finetune.splits import check_one_label
from task2vec.jobs.findings_message import EmbeddedRole, Findings
from task2vec.probe.probe import Probe
from task2vec.probe.registry import DEFAULT_PROBE
from task2vec.probe.weight_files import referenced_file
from task2vec.recommend.measure.probe_accuracy import ProbeAccuracy
from task2vec.types import DEFAULT_ESTIMATOR, Estimator, JobKind
from task2vec.types.measuring import BUDGET

#: The kinds of jobs that `Work` does.
KINDS = (
    JobKind.EMBED,
    JobKind.SEARCH,
    JobKind.DISTANCES,
    JobKind.RECOMMEND,
    JobKind.FINETUNE,
    JobKind.PREDICT,
)
#: Those that store what is embedded, or recommend models for it: others do not read the details.
_DETAILED = frozenset({JobKind.EMBED, JobKind.RECOMMEND, JobKind.FINETUNE})


@dataclass(frozen=True)
class Order:
    """What is to be done.

    ``payload`` is the question. For a recommendation it has ``probe_models`` (id, name, ref and
    sha256 of each, the default first), to be probed within ``budget`` seconds; elsewhere ``model``
    (the record of the starting model, or of the expert that classifies). ``tasks`` are the opened
    data sets by role, ``images`` those to be classified, ``start`` is the reference that loads the
    model, ``folder`` is where a checkpoint may be written, ``unfinished`` where an interrupted
    fine-tuning leaves what the next one goes on with.
    """

    kind: JobKind
    payload: Mapping[str, Any]
    tasks: Mapping[str, Task]
    folder: Path
    start: str | None = None
    images: Images | None = None
    unfinished: Path | None = None


@dataclass
class Work:
    """Does orders, one at a time.

    ``tell`` hears of (stage, done, total) as images pass: "reading", "features", "fisher",
    "noise", "probing", "predicting", and of fine-tuning the words for each step. ``stopped`` is
    asked between batches. ``error`` hears of an embedding's standard error so far. ``plan`` says
    which models to probe on a data set once it is embedded, none to keep those of the order;
    ``reference`` gives what loads one.
    """

    engine: LocalEngine
    tell: Progress = field(default=lambda _stage, _done, _total: None)
    stopped: Callable[[], bool] = field(default=lambda: False)
    error: ErrorSoFar = field(default=lambda _error: None)
    plan: Callable[[EmbeddedRole], Sequence[Mapping[str, Any]]] | None = None
    reference: Callable[[Mapping[str, Any]], str] = field(default=lambda model: str(model["ref"]))

    def do(self, order: Order) -> Findings:
        """Do an order.

        Raises:
            JobCancelledError: when it was stopped.
            SourceError: when a data set cannot be worked on.
            SettingError: for an order that makes no sense.
            WeightsError: when a model cannot be loaded.
        """
        started = perf_counter()
        kind, payload = order.kind, order.payload
        if kind not in KINDS:
            raise SettingError("This is no work for a worker", got=kind)
        if kind is JobKind.PREDICT:
            return self._predict(order)
        if kind is JobKind.FINETUNE:
            # Before the minutes that its embedding may take.
            check_one_label(order.tasks["task"])
        embedded: dict[str, EmbeddedRole] = {}
        measured = tuned = checkpoint = None
        warnings: list[str] = []
        if _embeds(kind, payload):
            # The settings of fine-tuning are not about the embedding, which takes the defaults.
            asked = {} if kind is JobKind.FINETUNE else payload.get("settings") or {}
            settings = embedding_settings(asked)
            probe = str(asked.get("probe") or DEFAULT_PROBE)
            for role, task in order.tasks.items():
                found = self.engine.embed(
                    task,
                    probe=probe,
                    settings=settings,
                    progress=self._progress,
                    error=self.error,
                )
                embedded[role] = EmbeddedRole(
                    task.name,
                    found.embedding,
                    thumbnail(found.sample),
                    found.sample.hashes,
                    details_of(found) if kind in _DETAILED else None,
                )
                told = "" if role == "task" else f"{role}: "
                warnings += (f"{told}{warning}" for warning in found.warnings)
        if kind is JobKind.RECOMMEND and payload.get("measure"):
            measured, lost = self._measure(order, embedded.get("task"))
            warnings += lost
        if kind is JobKind.FINETUNE:
            checkpoint = order.folder / "checkpoint.safetensors"
            tuned = self._tune(order, checkpoint)
            warnings += [warning for warning in tuned.warnings if warning not in warnings]
        return Findings(
            seconds=perf_counter() - started,
            embedded=embedded,
            measured=measured,
            tuned=tuned,
            checkpoint=checkpoint,
            warnings=tuple(warnings),
            source_signature=order.tasks["task"].signature if "task" in order.tasks else "",
        )

    def _progress(self, stage: str, done: int, total: int) -> None:
        if self.stopped():
            raise JobCancelledError("The work was stopped")
        self.tell(stage, done, total)

    def _measure(
        self, order: Order, embedded: EmbeddedRole | None
    ) -> tuple[dict[str, ProbeAccuracy], list[str]]:
        """Probe the models in their order while the budget lasts, the first two always.

        Returns the probes, and warnings about models that cannot be loaded.
        """
        images = embedding_settings(order.payload.get("settings") or {}).images
        models, budget = order.payload["probe_models"], order.payload.get("budget", BUDGET)
        if embedded is not None and order.payload.get("plan") and self.plan is not None:
            models = self.plan(embedded) or models
        prober, began = Prober(order.tasks["task"], images), perf_counter()
        measured: dict[str, ProbeAccuracy] = {}
        warnings, longest = [], 0.0
        for position, model in enumerate(models):

            def tell(done: int, total: int, before: int = position) -> None:
                self._progress("probing", before * total + done, len(models) * total)

            digest = model_digest(model["ref"], model.get("sha256"))
            found = prober.known(digest)
            if found is None:
                if len(measured) > 1 and perf_counter() - began + longest > budget:
                    continue
                try:
                    found = prober.measure(partial(self._load, model), digest, progress=tell)
                except (WeightsError, MissingExtraError, TooLargeError) as error:
                    if position == 0:
                        raise
                    warnings.append(
                        f"{model['name']} is left out, because it cannot be loaded: {error}"
                    )
                    continue
            if found is None:
                break
            measured[model["id"]] = found.found
            longest = max(longest, found.seconds)
        return measured, warnings

    def _load(self, model: Mapping[str, Any]) -> Probe:
        return self.engine.probe(self.reference(model))

    def _predict(self, order: Order) -> Findings:
        started = perf_counter()
        if order.images is None or order.start is None:
            raise SettingError("There is nothing to classify, or nothing that classifies")
        path = referenced_file(order.start)
        card = read_classifier_card(path, name=order.payload["model"]["name"])
        classifier = load_classifier(self.engine.probe(order.start), path, card)
        total, found = len(order.images), list[Prediction]()
        for each in predictions(classifier, order.images.read()):
            found.append(each)
            self._progress("predicting", len(found), total)
        return Findings(
            seconds=perf_counter() - started,
            predicted=tuple(found),
            warnings=(*order.images.warnings, *card.warnings),
        )

    def _tune(self, order: Order, checkpoint: Path) -> Tuned:
        asked = dict(order.payload.get("settings") or {})
        images = int(asked.pop("images", 400))
        task, start = order.tasks["task"], order.payload["model"]["name"]
        return tune(
            self.engine.probe(order.start or order.payload["model"]["ref"]),
            task,
            images=images,
            settings=FineTuningSettings(**asked),
            expert=Expert(
                name=order.payload.get("name") or f"{task.name}-from-{start}",
                task=task.name,
                start=start,
            ),
            target=checkpoint,
            progress=self._progress,
            unfinished=order.unfinished,
        )


def embedding_settings(asked: Mapping[str, Any]) -> EmbeddingSettings:
    """Return the settings that a question asks for; raises `SettingError` out of range."""
    names = ("images", "draws", "standard_error", "seed")
    known = {name: asked[name] for name in names if name in asked}
    try:
        estimator = Estimator(asked.get("estimator") or DEFAULT_ESTIMATOR)
    except ValueError as error:
        raise SettingError(
            "Unknown estimator",
            expected=f"one of {', '.join(Estimator)}",
            got=str(asked["estimator"]),
        ) from error
    return EmbeddingSettings(estimator=estimator, **known)


def _embeds(kind: JobKind, payload: Mapping[str, Any]) -> bool:
    """Whether the data sets of a job are embedded: not where the server has the task stored."""
    if kind is JobKind.FINETUNE:
        return bool(payload.get("embedding"))
    return kind is not JobKind.RECOMMEND or payload.get("task") is None
