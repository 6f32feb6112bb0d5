"""The simple rules that an answer is shown beside, since many a clever one does not beat them."""

from task2vec.data.wording import plural
from task2vec.messages.recommendations import Baseline
from task2vec.recommend.answer.question import Question


def simple_rules(question: Question) -> tuple[Baseline, ...]:
    """Return what always the default, the best on average, and the nearest source would take."""
    return _always_default(question), _average_best(question), _nearest_only(question)


def _always_default(question: Question) -> Baseline:
    for model in question.models:
        if model.id == question.default:
            reason = "the default, for every task"
            return Baseline(rule="always_default", model=model.name, reason=reason)
    return Baseline(
        rule="always_default", model=None, reason="the default does not pass the limits"
    )


def _average_best(question: Question) -> Baseline:
    names = {model.id: model.name for model in question.models}
    averages = {m: found for m, found in question.gains.averages().items() if m in names}
    if not averages:
        return Baseline(rule="average_best", model=None, reason="no recorded outcomes")
    best = max(sorted(averages), key=lambda model: averages[model][0])
    gain, tasks = averages[best]
    return Baseline(
        rule="average_best",
        model=names[best],
        reason=f"gained {100 * gain:+z.1f} points on average over {plural(tasks, 'task')}",
    )


def _nearest_only(question: Question) -> Baseline:
    for task in question.nearest:
        expert = next((model for model in question.models if model.task == task), None)
        if expert is not None:
            name = question.tasks[task].name
            return Baseline(
                rule="nearest_only",
                model=expert.name,
                reason=f"the expert of {name}, the nearest task that has one",
            )
    return Baseline(rule="nearest_only", model=None, reason="no known task has an expert")
