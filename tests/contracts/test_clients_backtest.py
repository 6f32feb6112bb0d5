"""The recommender judged through every client, on a store with outcomes."""

from collections.abc import Iterator
from typing import Any

import backtest_store
import pytest
from client_kinds import KINDS, client_of, copy_of, serving
from small_store import SmallStore

from task2vec.errors import SettingError
from task2vec.messages.backtests import Backtest


@pytest.fixture(scope="module")
def full_store(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("backtest") / "store"
    return str(backtest_store.fill(small.store, target))


@pytest.fixture(scope="module")
def full_url(full_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(copy_of(full_store, tmp_path_factory.mktemp("server") / "store")) as address:
        yield address


@pytest.fixture(scope="module")
def expected(full_store: str) -> Backtest:
    with client_of("local", full_store) as client:
        return client.backtest()


@pytest.mark.parametrize("kind", KINDS)
def test_every_client_gives_the_same_answer(
    kind: str, expected: Backtest, request: pytest.FixtureRequest
) -> None:
    where = request.getfixturevalue("full_store" if kind == "local" else "full_url")
    told: list[Any] = []
    with client_of(kind, where) as client:
        found = client.backtest(folds="task", progress=told.append)
        with pytest.raises(SettingError, match="folds"):
            client.backtest(folds="year")

    assert found.sentence == expected.sentence
    assert _near(found, expected)
    assert (told[-1].stage, told[-1].done, told[-1].total) == ("asking", 12, 12)


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
