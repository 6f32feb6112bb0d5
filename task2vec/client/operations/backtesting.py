"""Whether the recommender is worth using, by the outcomes there are."""

from task2vec.client.operations.answering import answer
from task2vec.client.operations.asking import ask
from task2vec.client.operations.waiting import Shown, told_by
from task2vec.client.steps import Sender, Steps
from task2vec.messages.backtests import Backtest, BacktestQuestion


def backtest(sender: Sender, *, folds: str = "task", progress: Shown = True) -> Steps[Backtest]:
    """Ask the recommender and simple rules about each task as if its outcomes were not known.

    ``folds`` is "task" or "family": what is unknown with the task that is asked about. The verdict
    is unknown where fewer than 8 tasks have outcomes of at least two models and of the default.

    Raises `SettingError` for other folds, `StoreError` without a store.
    """
    question = ask(BacktestQuestion, folds=folds)
    found = yield from answer(
        sender, "/backtests", question, kind=Backtest, progress=told_by(progress)
    )
    return found
