"""What is repeated, after how long."""

from typing import Any

import pytest
from pydantic import BaseModel
from scripted import Script, reply

from task2vec.client.http.problems import raise_for
from task2vec.client.request import Method, Reply, Request, delete, get, patch, post
from task2vec.errors import DeadlineError, ServiceError, UnknownNameError, UnreachableError

BUSY = reply(503, retry_after="2")
FINE = reply(200)
UNKNOWN = reply(
    404, b'{"title": "", "status": 404, "code": "unknown_name", "detail": "There is none"}'
)


class Anything(BaseModel):
    """A question or an answer."""

    x: int = 0


REQUESTS: dict[str, Request[Any]] = {
    "get": get(Anything, "/tasks"),
    "delete": delete("/tasks/{}", "a"),
    "post": post(Anything, "/tasks", question=Anything()),
}
CHANGE = patch(Anything, "/tasks/{}", "a", question=Anything(x=1))


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize(
    "failure", [UnreachableError("gone"), reply(502), reply(429)], ids=["gone", "502", "429"]
)
def test_what_can_do_no_harm_is_repeated(name: str, failure: Exception) -> None:
    script = Script([failure, failure, FINE])

    assert script.send(REQUESTS[name]) is FINE
    assert [request.route for request in script.requests] == [REQUESTS[name].route] * 3
    # Twice as long each time.
    assert script.slept == [0.5, 1.0]


def test_what_might_be_done_twice_is_not_repeated() -> None:
    lost, refused = Script([UnreachableError("gone")]), Script([BUSY])

    with pytest.raises(UnreachableError):
        lost.send(CHANGE)
    assert refused.send(CHANGE) is BUSY
    assert lost.slept == refused.slept == []


@pytest.mark.parametrize(
    "lost", [UnreachableError("gone"), reply(502)], ids=["broken off", "at a proxy"]
)
def test_a_removal_whose_answer_was_lost_is_done(lost: Exception | Reply) -> None:
    script = Script([lost, BUSY, UNKNOWN])

    raise_for(script.send(REQUESTS["delete"]))
    assert script.requests == [REQUESTS["delete"]] * 3


@pytest.mark.parametrize(
    ("request_", "replies"),
    [
        # Nothing was lost: it was not there from the first.
        (REQUESTS["delete"], [UNKNOWN]),
        (REQUESTS["delete"], [BUSY, UNKNOWN]),
        (REQUESTS["get"], [UnreachableError("gone"), UNKNOWN]),
        # A proxy without a server behind it knows nothing of what was removed.
        (REQUESTS["delete"], [UnreachableError("gone"), reply(404, b"no such page")]),
    ],
)
def test_only_a_lost_removal_is_done_where_there_is_nothing(
    request_: Request[Any], replies: list[Any]
) -> None:
    with pytest.raises((UnknownNameError, ServiceError)):
        raise_for(Script(replies).send(request_))


def test_the_pause_is_never_shorter_than_asked_for() -> None:
    script = Script([BUSY, FINE])

    script.send(REQUESTS["get"], draw=lambda low, high: low)

    assert script.slept == [2.0]


def test_the_pause_is_drawn_from_all_of_its_range() -> None:
    drawn: list[tuple[float, float]] = []

    script = Script([*[reply(503)] * 3, FINE])
    script.send(REQUESTS["get"], base=1.0, draw=lambda *ends: drawn.append(ends) or 0.0)

    assert drawn == [(0, 2.0), (0, 4.0), (0, 8.0)]


@pytest.mark.parametrize("status", [400, 404, 409, 412, 422, 500, 504])
def test_what_would_fail_again_is_not_repeated(status: int) -> None:
    refusal = reply(status)

    assert Script([refusal]).send(REQUESTS["get"]) is refusal


def test_a_request_that_is_still_under_way_is_asked_about_again() -> None:
    script = Script([reply(409, retry_after="1"), FINE])

    assert script.send(REQUESTS["post"]) is FINE


def test_what_took_too_long_once_would_again() -> None:
    with pytest.raises(DeadlineError):
        Script([DeadlineError("late")]).send(REQUESTS["get"])


def test_it_gives_up_after_its_tries_with_the_last_answer() -> None:
    script = Script([UnreachableError("gone"), BUSY, BUSY])

    assert script.send(REQUESTS["get"], tries=3) is BUSY
    assert len(script.requests) == 3


def test_nobody_waits_for_an_hour() -> None:
    refusal = reply(503, retry_after="3600")

    assert Script([refusal]).send(REQUESTS["get"]) is refusal


def test_repetitions_have_one_key_and_other_requests_another() -> None:
    script = Script([BUSY, FINE, FINE])

    script.send(REQUESTS["post"])
    script.send(REQUESTS["post"])

    first, again, other = (request.headers["Idempotency-Key"] for request in script.requests)
    assert first == again != other


@pytest.mark.parametrize("request_", [REQUESTS["get"], REQUESTS["delete"], CHANGE])
def test_only_posts_have_a_key(request_: Request[Any]) -> None:
    script = Script([FINE])
    script.send(request_)

    assert "Idempotency-Key" not in script.requests[0].headers


def test_arguments_that_say_nothing_are_not_sent() -> None:
    request = get(Anything, "/tasks", tag=None, tags=(), flag=False, k=3)

    assert request == Request(Method.GET, "/tasks", Anything, query={"k": 3})
