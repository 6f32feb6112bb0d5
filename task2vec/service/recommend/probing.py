"""The images that starting models are measured on, what is known of them, and what is missing."""

from collections.abc import Callable, Mapping

from task2vec.data.durations import in_words
from task2vec.data.task import Task
from task2vec.data.wording import plural
from task2vec.errors import SourceError
from task2vec.finetuning.probe_cache import KnownProbe, ProbeCache
from task2vec.finetuning.prober import Prober, model_digest
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.recommendation.answer.question import Question, TimeLimit
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.service.tasks.subjects import Subject, reopen
from task2vec.service.workspace import Workspace
from task2vec.types import Likelihood

#: Told of (in words what is being done, seconds spent, seconds in all).
Progress = Callable[[str, int, int], None]


def images_of(workspace: Workspace, subject: Subject) -> Task | None:
    """Return the images of a subject; None of what was embedded by a worker.

    Raises `SourceError` where those of a stored task are gone or have changed.
    """
    if subject.task is None and subject.record is not None:
        return reopen(workspace, subject.record)
    return subject.task


def prober_of(
    workspace: Workspace, subject: Subject, *, images: int, task: Task | None = None
) -> Prober:
    """Return what measures on a subject's images, ``task``, and knows what was measured before.

    Without ``task`` it only knows. Measurements belong to the store, where there is one: so every
    client of the store and its server know the same ones.
    """
    stored = workspace.existing_store() is not None
    return Prober(
        task,
        images,
        cache=ProbeCache.of_store(workspace.path) if stored else ProbeCache(),
        files=subject.source_files,
    )


def known_measurements(
    prober: Prober, question: Question, tuning: FineTuningSettings | None = None
) -> dict[str, KnownProbe]:
    """Return what was measured before, by model id, in the order of the ids.

    Those are the linear probes or, with the settings of a ``tuning``, the short fine-tunings of the
    models that are offered and of the default, which gains are over.
    """
    default = (model for model in question.others if model.id == question.default)
    known = {
        model.id: prober.known(model_digest(model.ref, model.sha256), tuning)
        for model in (*question.offered(), *default)
    }
    return {id_: each for id_, each in sorted(known.items()) if each is not None}


def found_in(known: dict[str, KnownProbe]) -> dict[str, ProbeAccuracy]:
    """Return what was found, without what it took."""
    return {id_: each.found for id_, each in known.items()}


def comparable(probed: Mapping[str, ProbeAccuracy], *, default: str) -> dict[str, ProbeAccuracy]:
    """Return the probes of as many images as the default's.

    Otherwise a worker that once counted other images would spoil every later answer.
    """
    plain = probed.get(default)
    return {
        id_: each
        for id_, each in probed.items()
        if plain is None or len(each.correct) == len(plain.correct)
    }


def not_measured(missing: SourceError, *, known: int) -> str:
    """Return the warning that no model was measured, since the images are missing.

    ``known`` is how many measurements of before the answer rests on.
    """
    now = "No model was measured now."
    if known:
        now = f"{plural(known, 'earlier measurement')} counted, no model was measured now."
    return f"{missing.problem}. {now} {missing.remedy}"


def not_probed(task: Task | None) -> str:
    """Return the warning that no model could be probed on a task's images, with the reason.

    Without ``task``, which a server does not open, it names all that a probe takes.
    """
    several = "one label per image"
    classes = "two classes with two different images or more that are not of a split called test"
    takes = f"{several}, and {classes}"
    if task is not None and task.likelihood is Likelihood.BERNOULLI:
        takes = f"{several}, and these may have several"
    elif task is not None:
        takes = classes
    return f"no model could be probed: that takes {takes}"


def overrun(spent: float, budget: float, *, limit: TimeLimit | None) -> list[str]:
    """Return the warning that measuring took longer than its budget, [] where it did not.

    Both are compared as they are shown. Of a ``limit`` the budget is the share for measuring.

    >>> overrun(20.3, 20.0, limit=None)
    []
    >>> overrun(38.7, 15.0, limit=TimeLimit(60.0, 21.3))[0].partition(":")[0]
    'measuring took 39 s, more than the 15 s of your 60 s that are for measuring'
    """
    taken = f"{spent:.0f}" if spent >= 10 else f"{spent:.2g}"
    if float(taken) <= budget:
        return []
    own = f"the budget of {budget:g} s"
    if limit is not None:
        own = f"the {budget:g} s of your {in_words(limit.whole)} that are for measuring"
    return [
        f"measuring took {taken} s, more than {own}: the default and one other model are always "
        "probed, and a measurement that has begun is finished"
    ]
