"""The kinds of work, each from its own file."""

from collections.abc import Mapping
from typing import Any

from task2vec.jobs import backtest, embed, evaluate, fetch, finetune, predict, recommend, search
from task2vec.jobs.kind import Kind
from task2vec.messages.base import Question
from task2vec.types import JobKind

KINDS: Mapping[JobKind, Kind[Any, Any]] = {
    JobKind.EMBED: embed.EMBED,
    JobKind.SEARCH: search.SEARCH,
    JobKind.DISTANCES: search.DISTANCES,
    JobKind.RECOMMEND: recommend.RECOMMEND,
    JobKind.FINETUNE: finetune.FINETUNE,
    JobKind.PREDICT: predict.PREDICT,
    JobKind.EVALUATE: evaluate.EVALUATE,
    JobKind.FETCH: fetch.FETCH,
    JobKind.BACKTEST: backtest.BACKTEST,
}

#: What workers do.
LENT = tuple(kind for kind, about in KINDS.items() if about.run is not None)


def kind_of(question: Question) -> JobKind:
    """Return the kind of work that a question takes."""
    return next(kind for kind, about in KINDS.items() if about.question is type(question))
