"""The kinds of jobs, and asking for one. The store looks jobs up, cancels and retries them."""

from collections.abc import Mapping
from time import time
from typing import Any

from task2vec.jobs import (
    backtest,
    compare,
    embed,
    evaluate,
    fetch,
    finetune,
    predict,
    recommend,
    search,
)
from task2vec.jobs.kind import Kind
from task2vec.messages.base import Question
from task2vec.messages.predictions import NewPrediction
from task2vec.service.workspace import Workspace
from task2vec.store.jobs.record import JobRecord
from task2vec.types import JobKind, JobState, Priority

KINDS: Mapping[JobKind, Kind[Any, Any]] = {
    JobKind.EMBED: embed.EMBED,
    JobKind.SEARCH: search.SEARCH,
    JobKind.DISTANCES: search.DISTANCES,
    JobKind.RECOMMEND: recommend.RECOMMEND,
    JobKind.FINETUNE: finetune.FINETUNE,
    JobKind.PREDICT: predict.PREDICT,
    JobKind.EVALUATE: evaluate.EVALUATE,
    JobKind.COMPARE: compare.COMPARE,
    JobKind.FETCH: fetch.FETCH,
    JobKind.BACKTEST: backtest.BACKTEST,
}

#: What workers do.
LENT = tuple(kind for kind, about in KINDS.items() if about.run is not None)


def kind_of(question: Question) -> JobKind:
    """Return the kind of work that a question takes."""
    return next(kind for kind, about in KINDS.items() if about.question is type(question))


def submit(
    workspace: Workspace, question: Question, *, owner: str | None = None, now: float | None = None
) -> JobRecord:
    """Queue the work that a question takes; return the job once it is on disk.

    Equal work that is under way is shared; an embedding that is stored already, and a search where
    no task is, give a job that has succeeded.

    Raises:
        UnknownNameError: for a data set, task, model or probe that is not there.
        NameTakenError: when what it would make has the name of something else.
        SourceError: when the images of a stored task are no longer here.
        SettingError: for anything else that could not be worked on.
    """
    job = job_for(workspace, question, owner=owner)
    store = workspace.store()
    stored = store.jobs.submit(job, now=_now(now))
    if isinstance(question, NewPrediction) and question.remove_dataset and job.dataset is not None:
        # Not before the job is there, which keeps it.
        store.datasets.release(job.dataset, now=_now(now))
    return stored


def job_for(
    workspace: Workspace, question: Question, *, owner: str | None = None, batch: str | None = None
) -> JobRecord:
    """Return the job that `submit` would store."""
    kind = kind_of(question)
    checked = KINDS[kind].check(workspace, question)
    answer = checked.answer
    return JobRecord(
        id="",
        kind=kind,
        payload=checked.work.model_dump(mode="json"),
        name=checked.name,
        state=JobState.QUEUED if answer is None else JobState.SUCCEEDED,
        priority=getattr(question, "priority", Priority.NORMAL),
        result=None if answer is None else answer.model_dump(mode="json"),
        same_as=checked.same_as(kind),
        dataset=checked.datasets[0].id if checked.datasets else None,
        owner=owner,
        batch=batch,
    )


def _now(now: float | None) -> float:
    return time() if now is None else now
