"""Which calls of the clients show bars by default, and what wrong types are answered with."""

import inspect
import subprocess
from pathlib import Path
from typing import Any

import pytest
from terminal import in_terminal

from task2vec import Client, WrongTypeError
from task2vec.client.local.store import LocalStore
from task2vec.client.methods import Blocking, Call, Part, Stream
from task2vec.client.questions import texts
from task2vec.messages.jobs import Progress
from task2vec.service.workspace import Workspace

LONG = ["embed", "batch", "search", "distance", "recommend", "backtest", "finetune", "predict"]


@pytest.mark.parametrize("method", LONG)
def test_long_calls_show_progress_unless_told_otherwise(method: str) -> None:
    assert inspect.signature(getattr(Client, method)).parameters["progress"].default is True


class Working(Part[Blocking]):
    """A client whose calls tell one step."""

    @Call
    async def embed(self, source: str, *, progress: Any = True) -> Any:
        if callable(progress):
            progress(Progress(stage="fisher", done=2, total=7))
        return progress

    @Stream
    async def batch(self, sources: str, *, progress: Any = True) -> Any:
        for name in ("cats", "dogs"):
            if callable(progress):
                progress(name, Progress(stage="reading", done=1, total=3))
            yield name


def working(store: Path = Path("nowhere")) -> Working:
    return Working(LocalStore(Workspace(store)))


def test_a_function_and_false_reach_the_call_as_they_are() -> None:
    heard: list[Progress] = []
    assert working().embed("birds", progress=False) is False
    assert working().embed("birds", progress=None) is None
    working().embed("birds", progress=heard.append)
    assert [(each.stage, each.done, each.total) for each in heard] == [("fisher", 2, 7)]
    assert callable(working().embed("birds"))


def test_a_terminal_shows_the_bars_of_calls_and_of_iterations() -> None:
    here = Path(__file__).parent
    program = (
        f"import sys; sys.path[:0] = {[str(here), str(here.parent)]!r}; "
        "from test_client_watching import working; "
        "working().embed('photos/birds/'); list(working().batch('photos'))"
    )
    text = in_terminal(program, stdout=subprocess.DEVNULL)

    assert "birds: Fisher information" in text
    assert "2/7" in text
    assert "dogs: reading images" in text


WRONG: dict[str, Any] = {
    "source": lambda client: client.recommend(42),
    "k": lambda client: client.search("birds", k="many"),
    "images": lambda client: client.embed("photos", images="all"),
    "tags": lambda client: client.embed("photos", tags="animals"),
    "name": lambda client: client.models.get(42),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_type_is_a_type_error_before_anything_is_sent(wrong: str) -> None:
    # Nothing listens there.
    with (
        Client("http://127.0.0.1:9") as client,
        pytest.raises(TypeError, match=f"{wrong}.*expected") as refused,
    ):
        WRONG[wrong](client)
    assert isinstance(refused.value, WrongTypeError)


def test_an_address_is_text() -> None:
    with pytest.raises(TypeError, match=r"`url`.*int \(8000\)"):
        Client(8000)


@pytest.mark.parametrize("given", ["animals", 5, ["a", 5], None])
def test_one_text_is_not_several(given: Any) -> None:
    with pytest.raises(WrongTypeError, match="tags"):
        texts("tags", given)
    assert texts("tags", ["a", "b"]) == ("a", "b")
