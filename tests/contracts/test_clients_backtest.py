"""The recommender judged here and by a server, on a store with outcomes."""

from collections.abc import Iterator
from typing import Any

import backtest_store
import pytest
from client_kinds import client_of, copy_of, serving
from small_store import SmallStore

from task2vec.errors import SettingError
from task2vec.messages.backtests import Backtest


@pytest.fixture(scope="module")
def full_store(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("backtest") / "store"
    return str(backtest_store.fill(small.store, target))


@pytest.fixture(scope="module")
def full_url(full_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # The server does this itself.
    store = copy_of(full_store, tmp_path_factory.mktemp("server") / "store")
    with serving(store, "--workers", "0") as address:
        yield address


def test_a_server_gives_the_answer_of_the_store(full_url: str, full_store: str) -> None:
    answers: list[Backtest] = []
    for kind, where in (("local", full_store), ("blocking", full_url)):
        told: list[Any] = []
        with client_of(kind, where) as client:
            answers.append(client.backtest(folds="task", progress=told.append))
            with pytest.raises(SettingError, match="folds"):
                client.backtest(folds="year")
        assert (told[-1].stage, told[-1].done, told[-1].total) == ("asking", 12, 12)

    assert answers[0].sentence == answers[1].sentence
    assert _near(*answers)


def _near(found: Backtest, expected: Backtest) -> bool:
    """Compare numbers deep down: a server has other threads, and sums in another order."""

    def flat(value: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list | tuple):
            for each in value:
                yield from flat(each)
        else:
            yield value

    ours, theirs = (list(flat(each.model_dump(mode="json"))) for each in (found, expected))
    return len(ours) == len(theirs) and all(
        a == pytest.approx(b, abs=1e-4) if isinstance(a, float) else a == b
        for a, b in zip(ours, theirs, strict=True)
    )
