"""Which starting model to take for a task: gathers what is known and lets the ranker judge."""

from collections.abc import Mapping
from dataclasses import replace

from task2vec.errors import SettingError
from task2vec.recommend.gains import GainTable
from task2vec.recommend.probe_accuracy import ProbeAccuracy
from task2vec.recommend.ranker import Distances, Question, rank
from task2vec.recommend.recommendation import Recommended
from task2vec.service.code import starting_code
from task2vec.service.experts import has_own_backbone
from task2vec.service.limits import Limits
from task2vec.service.probing import Progress, probe_models
from task2vec.service.subjects import Subject
from task2vec.service.workspace import Workspace
from task2vec.service.zoo import default_model_id, list_models, packaged_models
from task2vec.types import ModelRecord

__all__ = ["Limits", "Progress", "models_to_probe", "recommend"]


def recommend(
    workspace: Workspace,
    subject: Subject,
    *,
    k: int = 5,
    limits: Limits | None = None,
    images: int = 300,
    measured: Mapping[str, ProbeAccuracy] | None = None,
    progress: Progress | None = None,
) -> Recommended:
    """Rank the starting models for a task, and say whether to leave the default for any of them.

    Packaged models are judged by a cross-validated linear probe on the task's own images, where
    these are at hand; experts by how near their own task is; every model by its outcomes on near
    tasks.

    Args:
        workspace: where models, tasks and outcomes are.
        subject: the task.
        k: how many source tasks count.
        limits: what the models must keep to.
        images: how many images of the task are probed on at most.
        measured: linear probes by the id of their model (see `models_to_probe`), measured
            elsewhere; when they are given, here nothing is probed and no engine is started.
        progress: told of each model that is probed.

    Raises:
        SettingError: when no model passes the limits or ``k`` is below 1.
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
            remedy="Loosen the limits on parameters, architecture or licence.",
        )
    store = workspace.existing_store()
    default = default_model_id()
    unchanged = [model.name for model in models if not has_own_backbone(workspace, model)]
    models = [model for model in models if model.name not in unchanged]
    warnings: list[str] = []
    if measured is None:
        wanted = models_to_probe(workspace, limits)
        measured, warnings = probe_models(
            workspace, subject, wanted, images=images, progress=progress
        )
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


def models_to_probe(workspace: Workspace, limits: Limits) -> list[ModelRecord]:
    """Return the packaged models within the limits, and the default, which gains are over."""
    default = default_model_id()
    offered = {model.id for model in list_models(workspace) if limits.allow(model)}
    return [model for model in packaged_models() if model.id == default or model.id in offered]


def _distances(workspace: Workspace, subject: Subject) -> dict[str, Distances]:
    """Return the distances of the stored tasks, without the target and its copies."""
    store = workspace.existing_store()
    if store is None:
        return {}
    target = subject.embedding
    copies = target.provenance.content_hash
    return {
        judged.record.id: Distances(
            name=judged.record.name,
            symmetric=judged.symmetric,
            asymmetric=judged.asymmetric,
        )
        for judged in store.index(target.space).judge(target)
        if judged.record.provenance.content_hash != copies and not _is(judged.record.id, subject)
    }


def _is(task: str, subject: Subject) -> bool:
    return subject.record is not None and subject.record.id == task
