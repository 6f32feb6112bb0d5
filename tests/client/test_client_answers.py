"""Names that lead elsewhere, and answers that are none: both clients tell it in their own words."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httpx2
import pytest
from scripted_server import Far, job

from task2vec import Client
from task2vec.client.request import segment
from task2vec.errors import InputError, ServiceError

ASKED: dict[str, Callable[[Any, str], Any]] = {
    "get": lambda client, name: client.tasks.get(name),
    "embedding": lambda client, name: client.tasks.embedding(name),
    "remove": lambda client, name: client.tasks.remove(name),
    "model": lambda client, name: client.models.get(name),
    "wait": lambda client, name: client.jobs.wait(name),
    "events": lambda client, name: list(client.jobs.events(name)),
}


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        *((asked, name) for asked in ASKED for name in ("", "\udcff")),
        # The others look for a task or a model of this name in the list.
        *((a, name) for a in ("wait", "events") for name in (".", "..", "a/b", "food/embedding")),
    ],
)
def test_a_name_that_leads_elsewhere_is_not_sent(
    connect: Any, far: Far, asked: str, name: str
) -> None:
    with pytest.raises(InputError, match="id") as caught:
        ASKED[asked](connect(far.url), name)

    assert type(caught.value) is InputError
    assert far.asked == []


@pytest.mark.parametrize("name", ["...", ".hidden", "a.b", "%2e%2e", "a\\b", "größe", "a b?#"])
def test_other_names_are_one_segment(name: str) -> None:
    assert unquote(segment(name)) == name
    assert not set("/?#") & set(segment(name))


def test_an_answer_of_another_version_is_told_so(connect: Any, far: Far) -> None:
    far.known = [{"of": "a later version"}]

    with pytest.raises(ServiceError, match="version") as caught:
        list(connect(far.url).datasets.list())

    assert "a later version" in str(caught.value)


def test_a_page_of_another_program_is_told_so(connect: Any, far: Far) -> None:
    far.final = {}
    far.events = [{"kind": "state", "job": job("succeeded")}]
    far.streams = 1

    with pytest.raises(ServiceError, match="Job"):
        connect(far.url).jobs.wait("job_1")


def test_an_event_of_another_version_is_told_so(connect: Any, far: Far) -> None:
    far.events = [{"kind": "state", "job": {"of": "a later version"}}]

    with pytest.raises(ServiceError, match="version"):
        list(connect(far.url).jobs.events("job_1"))


def test_a_result_of_another_version_is_told_so() -> None:
    accepted = {**job("succeeded"), "result": {"of": "a later version"}}

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(202 if request.method == "POST" else 200, json=accepted)

    with (
        Client("http://127.0.0.1:9", transport=httpx2.MockTransport(answer)) as client,
        pytest.raises(ServiceError, match="Backtest"),
    ):
        client.backtest()
