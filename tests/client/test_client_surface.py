"""The clients have one surface, whose defaults are those of the messages, and whose types are."""

import asyncio
import inspect
import subprocess
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from task2vec import AsyncClient, Client, LocalClient
from task2vec.messages.backtests import BacktestQuestion
from task2vec.messages.batches import NewBatch
from task2vec.messages.catalogue import MapQuestion
from task2vec.messages.jobs import NewEmbedding, NewTuning
from task2vec.messages.neighbours import SearchQuestion
from task2vec.messages.outcomes import NewOutcome
from task2vec.messages.published import PublishedQuestion
from task2vec.messages.recommendation_question import RecommendationQuestion
from task2vec.messages.settings import EmbeddingSettings, TuningSettings

PARTS = ("", "tasks", "models", "outcomes", "jobs", "datasets")


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[tuple[Any, Any, Any]]:
    url = "http://127.0.0.1:9"
    with LocalClient(tmp_path) as local, Client(url) as blocking:
        waited = AsyncClient(url)
        yield blocking, waited, local
        asyncio.run(waited.close())


def methods(client: Any) -> dict[str, Any]:
    """Return the public methods of a client and of its parts, those of its lifetime left out."""
    parts = {part: getattr(client, part) if part else client for part in PARTS}
    return {
        f"{part}.{name}": getattr(owner, name)
        for part, owner in parts.items()
        for name in dir(type(owner))
        if name[0] != "_" and callable(getattr(owner, name)) and name not in ("close", "backend")
    }


def arguments(method: Any) -> list[tuple[Any, ...]]:
    return [(p.name, p.kind, p.default) for p in inspect.signature(method).parameters.values()]


def test_all_have_the_same_methods_with_the_same_arguments_and_words(clients: Any) -> None:
    described = [
        {name: (arguments(method), inspect.getdoc(method)) for name, method in all_.items()}
        for all_ in map(methods, clients)
    ]

    assert len(described[0]) > 35
    assert all(words for _, words in described[0].values())
    assert described[1:] == described[:1] * 2


def test_asynchronous_methods_are_awaited_or_iterated(clients: Any) -> None:
    blocking, waited, local = map(methods, clients)

    for name, method in waited.items():
        awaited = inspect.iscoroutinefunction(method)
        streamed = name.endswith((".list", ".published", ".events", ".batch", ".predict"))
        assert awaited is not streamed, name
        assert not inspect.iscoroutinefunction(blocking[name])
        assert not inspect.iscoroutinefunction(local[name])


QUESTIONS: dict[str, tuple[type[BaseModel], ...]] = {
    ".embed": (NewEmbedding, EmbeddingSettings),
    ".batch": (NewBatch, EmbeddingSettings),
    ".search": (SearchQuestion, EmbeddingSettings),
    ".distance": (EmbeddingSettings,),
    ".recommend": (RecommendationQuestion, EmbeddingSettings),
    ".backtest": (BacktestQuestion,),
    ".finetune": (NewTuning, TuningSettings),
    ".compare": (TuningSettings,),
    ".map": (MapQuestion,),
    "models.published": (PublishedQuestion,),
    "outcomes.add": (NewOutcome,),
}
#: A client measures, and leaves it to a stored task which probe is its own.
OWN = {
    (".recommend", "measure"),
    *((f".{n}", "probe") for n in ("search", "distance", "recommend")),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_not_given_is_as_the_question_says(name: str, clients: Any) -> None:
    compared = 0
    for argument in inspect.signature(methods(clients[0])[name]).parameters.values():
        for question in QUESTIONS[name]:
            field = question.model_fields.get(argument.name)
            if field is None or argument.default is argument.empty or (name, argument.name) in OWN:
                continue
            expected = field.get_default()
            expected = expected.value if isinstance(expected, Enum) else expected
            assert argument.default == expected, argument.name
            compared += 1
    assert compared


TYPED = """
from typing import assert_type
from collections.abc import AsyncIterator, Iterator
from task2vec import AsyncClient, Client, LocalClient
from task2vec.messages.batches import Item
from task2vec.messages.jobs import Job
from task2vec.messages.neighbours import Neighbours
from task2vec.messages.tasks import Task, TaskDetails

def blocking(client: Client | LocalClient) -> None:
    assert_type(client.search("x", k=3), Neighbours)
    assert_type(client.embed("x"), Task)
    assert_type(client.embed("x", wait=False), Job)
    assert_type(client.batch("x"), Iterator[Item])
    assert_type(client.tasks.get("x"), TaskDetails)
    assert_type(client.tasks.list(tag="a"), Iterator[Task])
    client.search("x", k="three")  # type: ignore[arg-type]

async def waited(client: AsyncClient) -> None:
    assert_type(await client.search("x", k=3), Neighbours)
    assert_type(await client.embed("x"), Task)
    assert_type(await client.embed("x", wait=False), Job)
    assert_type(client.batch("x"), AsyncIterator[Item])
    assert_type(await client.tasks.get("x"), TaskDetails)
    assert_type(client.tasks.list(), AsyncIterator[Task])
    await client.tasks.list()  # type: ignore[misc]
"""


def test_the_types_of_answers_are_known_to_a_checker(tmp_path: Path) -> None:
    (tmp_path / "typed.py").write_text(TYPED)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(tmp_path / "typed.py")],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )

    assert checked.returncode == 0, checked.stdout
