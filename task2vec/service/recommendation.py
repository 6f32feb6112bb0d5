"""Which starting model to take for a task: gathers what is known and lets the ranker judge."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from task2vec.distance import task_asymmetric_distance, task_symmetric_distance
from task2vec.errors import SettingError
from task2vec.recommend.gains import GainTable
from task2vec.recommend.ranker import Distances, Question, rank
from task2vec.recommend.recommendation import Recommended
from task2vec.service.code import starting_code
from task2vec.service.experts import has_own_backbone
from task2vec.service.subjects import Subject, reopen
from task2vec.service.workspace import Workspace
from task2vec.service.zoo import default_model_id, list_models
from task2vec.types import ModelRecord, TaskEmbedding

if TYPE_CHECKING:
    from task2vec.data.sample import Sample
    from task2vec.data.task import Task
    from task2vec.recommend.linear_probe import ProbeAccuracy

#: Told of (model name, models done, models in all) as packaged models are probed.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Limits:
    """What a starting model must keep to. The default is subject to them as well.

    ``architecture`` is a shell pattern, ``licence`` one name, compared without case. Raises
    `SettingError` for fewer than one parameter.
    """

    max_parameters: int | None = None
    architecture: str | None = None
    licence: str | None = None

    def __post_init__(self) -> None:
        if self.max_parameters is not None and self.max_parameters < 1:
            raise SettingError(
                "The limit on parameters lets nothing pass",
                expected="at least 1",
                got=str(self.max_parameters),
            )

    def allow(self, model: ModelRecord) -> bool:
        """Whether a model keeps to the limits; one whose figure is unknown does not."""
        if self.max_parameters is not None and (
            model.parameters is None or model.parameters > self.max_parameters
        ):
            return False
        if self.architecture is not None and not fnmatchcase(model.architecture, self.architecture):
            return False
        return self.licence is None or (model.licence or "").lower() == self.licence.lower()


def recommend(
    workspace: Workspace,
    subject: Subject,
    *,
    k: int = 5,
    limits: Limits | None = None,
    images: int = 300,
    progress: Progress | None = None,
) -> Recommended:
    """Rank the starting models for a task, and say whether to leave the default for any of them.

    Packaged models are judged by a cross-validated linear probe on the task's own images, where
    these are at hand; experts by how near their own task is; every model by its outcomes on near
    tasks. Raises `SettingError` when no model passes the limits or ``k`` is below 1.
    """
    if k < 1:
        raise SettingError("k is out of range", expected="at least 1", got=str(k))
    limits = limits or Limits()
    models = [model for model in list_models(workspace) if limits.allow(model)]
    if not models:
        raise SettingError(
            "No starting model passes the limits",
            expected="at least one of the models that `task2vec models list` shows",
            got=f"{limits}",
            remedy="Loosen --max-parameters, --architecture or --licence.",
        )
    store = workspace.existing_store()
    default = default_model_id()
    unchanged = [model.name for model in models if not has_own_backbone(workspace, model)]
    models = [model for model in models if model.name not in unchanged]
    measured, warnings = _probe_packaged(workspace, subject, models, images, progress)
    if unchanged:
        names = ", ".join(unchanged)
        warnings.append(f"not offered, since their backbone is that of their start: {names}")
    question = Question(
        models=models,
        default=default,
        distances=_distances(workspace, subject),
        gains=GainTable(store.outcomes.list() if store else (), default),
        measured=measured,
        target=subject.record.id if subject.record else None,
        k=k,
    )
    answer = rank(question)
    chosen = next((model for model in models if model.name == answer.chosen), None)
    code = ""
    if chosen is not None:
        code = starting_code(workspace, chosen, subject.embedding.provenance.classes)
    return replace(answer, code=code, warnings=(*subject.warnings, *warnings))


def _distances(workspace: Workspace, subject: Subject) -> dict[str, Distances]:
    """Return the distances of the stored tasks, without the target and its copies."""
    store = workspace.existing_store()
    if store is None:
        return {}
    target = subject.embedding
    found = {}
    for record in store.tasks.list():
        provenance = record.provenance
        same = provenance.content_hash == target.provenance.content_hash
        if provenance.space != target.space or same or _is(record.id, subject):
            continue
        source: TaskEmbedding = store.tasks.embedding(record.id)
        found[record.id] = Distances(
            name=record.name,
            symmetric=task_symmetric_distance(source, target),
            asymmetric=task_asymmetric_distance(source=source, target=target),
        )
    return found


def _is(task: str, subject: Subject) -> bool:
    return subject.record is not None and subject.record.id == task


def _probe_packaged(
    workspace: Workspace,
    subject: Subject,
    models: list[ModelRecord],
    images: int,
    progress: Progress | None,
) -> tuple[dict[str, "ProbeAccuracy"], list[str]]:
    """Return the linear probe of each packaged model, and of the default whatever the limits."""
    task = subject.task
    if task is None and subject.record is not None:
        task = reopen(subject.record)
    if task is None:
        return {}, [
            f"the images of {subject.name} are not where they were, or have changed: "
            "no model could be probed on them"
        ]
    from task2vec.service.zoo import packaged_models

    default = default_model_id()
    wanted = [
        model
        for model in packaged_models()
        if model.id == default or any(model.id == other.id for other in models)
    ]
    measured: dict[str, ProbeAccuracy] = {}
    for position, model in enumerate(wanted):
        if progress is not None:
            progress(model.name, position, len(wanted))
        found = _linear_probe(workspace, task, model, images)
        if found is not None:
            measured[model.id] = found
    if progress is not None:
        progress("", len(wanted), len(wanted))
    warnings = []
    if not measured:
        warnings.append("too few images a class to hold any out: no model could be probed")
    return measured, warnings


def _linear_probe(
    workspace: Workspace, task: "Task", model: ModelRecord, images: int
) -> "ProbeAccuracy | None":
    import numpy as np

    from task2vec.data.sample import draw_sample
    from task2vec.recommend.linear_probe import cross_validate

    probe = workspace.engine.probe(model.ref)
    sample: Sample[np.ndarray] = draw_sample(
        task, images=images, seed=0, transform=probe.preprocess
    )
    features = probe.features(sample.images).cpu().numpy()
    return cross_validate(features, sample.labels, classes=len(sample.classes))
