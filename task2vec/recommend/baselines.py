"""The simple rules that an answer is shown beside, since many a clever one does not beat them."""

from collections.abc import Mapping, Sequence

from task2vec.data.wording import plural
from task2vec.recommend.gains import GainTable
from task2vec.recommend.recommendation import Baseline
from task2vec.types import ModelRecord


def simple_rules(
    models: Sequence[ModelRecord],
    *,
    default: str,
    gains: GainTable,
    nearest_sources: Sequence[str],
    names: Mapping[str, str],
) -> tuple[Baseline, ...]:
    """Return what always the default, the best on average, and the nearest source would take.

    ``default`` is a model id, ``nearest_sources`` are task ids, nearest first, ``names`` their
    names.
    """
    by_id = {model.id: model for model in models}
    return (
        _always_default(by_id, default),
        _average_best(by_id, gains),
        _nearest_only(models, nearest_sources, names),
    )


def _always_default(by_id: Mapping[str, ModelRecord], default: str) -> Baseline:
    if default not in by_id:
        return Baseline("always_default", None, "the default does not pass the limits")
    return Baseline(
        "always_default", by_id[default].name, "the plain pretrained default, whatever the task"
    )


def _average_best(by_id: Mapping[str, ModelRecord], gains: GainTable) -> Baseline:
    averages = {m: found for m, found in gains.averages().items() if m in by_id}
    if not averages:
        return Baseline("average_best", None, "no outcome to average")
    best = max(sorted(averages), key=lambda model: averages[model][0])
    gain, tasks = averages[best]
    return Baseline(
        "average_best",
        by_id[best].name,
        f"gained {100 * gain:+.1f} points on average over {plural(tasks, 'task')}",
    )


def _nearest_only(
    models: Sequence[ModelRecord], nearest_sources: Sequence[str], names: Mapping[str, str]
) -> Baseline:
    for task in nearest_sources:
        expert = next((model for model in models if model.task == task), None)
        if expert is not None:
            return Baseline(
                "nearest_only", expert.name, f"expert of {names[task]}, the nearest source with one"
            )
    return Baseline("nearest_only", None, "no expert of any known task")
