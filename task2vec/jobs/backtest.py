"""Judging the recommender by the outcomes of the store; the server itself does it.

It takes a second for each task, with thousands of outcomes half a minute, too long for one request;
and it needs all embeddings and outcomes of the store, which a worker would have to be sent.
"""

import hashlib

from task2vec.jobs.checked import Checked, resolved
from task2vec.messages.backtests import Backtest, BacktestQuestion
from task2vec.messages.work import BacktestWork
from task2vec.recommendation.backtest.run import Progress
from task2vec.service.outcomes.backtest import backtest
from task2vec.service.workspace import Workspace


def check(workspace: Workspace, question: BacktestQuestion) -> Checked[BacktestWork]:
    """Return what a job for the question is about."""
    # Answers change with the outcomes: a question about others is another, also where one was
    # removed and one came in its place. No outcome ever changes, so that their ids tell.
    ids = "\n".join(outcome.id for outcome in workspace.store().outcomes.list())
    about = hashlib.sha256(ids.encode()).hexdigest()
    return Checked(resolved(BacktestWork, question, outcomes=about), "outcomes")


def run(workspace: Workspace, work: BacktestWork, *, progress: Progress) -> Backtest:
    """Judge it."""
    return backtest(workspace, work, progress=progress)
