"""What is repeated, after how long, and what goes with every request."""

from typing import Any

import pytest
from pydantic import BaseModel
from scripted import Script, answer

from task2vec.client.chain import sender_of
from task2vec.client.request import Answer, Method, Request, delete, get, patch, post
from task2vec.client.senders import Direct, Keyed, Retrying, call
from task2vec.errors import DeadlineError, ServiceError, UnknownNameError, UnreachableError

BUSY = answer(503, retry_after="2")
FINE = answer(200)
UNKNOWN = answer(
    404, b'{"title": "", "status": 404, "code": "unknown_name", "detail": "There is none"}'
)


class Anything(BaseModel):
    """A question or an answer."""

    x: int = 0


def retrying(tries: int = 5) -> Retrying:
    # Draws the ceiling, so that pauses can be told.
    return Retrying(Direct(), tries=tries, base=0.25, draw=lambda low, high: high)


REQUESTS = {
    "get": get("/tasks", Anything),
    "delete": delete("/tasks/a"),
    "keyed": post("/tasks", Anything, Anything()).with_headers(**{"Idempotency-Key": "k"}),
}
ONCE = {
    "post": post("/tasks", Anything, Anything()),
    "patch": patch("/tasks/a", Anything, Anything(x=1)),
}


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize(
    "failure", [UnreachableError("gone"), answer(502), answer(429)], ids=["gone", "502", "429"]
)
def test_what_can_do_no_harm_is_repeated(name: str, failure: Exception) -> None:
    script = Script([failure, failure, FINE])

    assert script.run(retrying().send(REQUESTS[name])) is FINE
    assert script.requests == [REQUESTS[name]] * 3
    # Twice as long each time.
    assert script.slept == [0.5, 1.0]


@pytest.mark.parametrize("name", ONCE)
def test_what_might_be_done_twice_is_not_repeated(name: str) -> None:
    lost, refused = Script([UnreachableError("gone")]), Script([BUSY])

    with pytest.raises(UnreachableError):
        lost.run(retrying().send(ONCE[name]))
    assert refused.run(retrying().send(ONCE[name])) is BUSY
    assert lost.slept == refused.slept == []


@pytest.mark.parametrize(
    "lost", [UnreachableError("gone"), answer(502)], ids=["broken off", "at a proxy"]
)
def test_a_removal_whose_answer_was_lost_is_done(lost: Exception | Answer) -> None:
    script = Script([lost, BUSY, UNKNOWN])

    assert script.run(call(retrying(), REQUESTS["delete"])) is None
    assert script.requests == [REQUESTS["delete"]] * 3


@pytest.mark.parametrize(
    ("request_", "replies"),
    [
        # Nothing was lost: it was not there from the first.
        (REQUESTS["delete"], [UNKNOWN]),
        (REQUESTS["delete"], [BUSY, UNKNOWN]),
        (REQUESTS["get"], [UnreachableError("gone"), UNKNOWN]),
        # A proxy without a server behind it knows nothing of what was removed.
        (REQUESTS["delete"], [UnreachableError("gone"), answer(404, b"no such page")]),
    ],
)
def test_only_a_lost_removal_is_done_where_there_is_nothing(
    request_: Request[Any], replies: list[Any]
) -> None:
    with pytest.raises((UnknownNameError, ServiceError)):
        Script(replies).run(call(retrying(), request_))


def test_the_pause_is_never_shorter_than_asked_for() -> None:
    script = Script([BUSY, FINE])
    none_more = Retrying(Direct(), draw=lambda low, high: low)

    script.run(none_more.send(REQUESTS["get"]))

    assert script.slept == [2.0]


def test_the_pause_is_drawn_from_all_of_its_range() -> None:
    drawn: list[tuple[float, float]] = []
    sender = Retrying(Direct(), base=1.0, draw=lambda *ends: drawn.append(ends) or 0.0)

    Script([answer(503)] * 3 + [FINE]).run(sender.send(REQUESTS["get"]))

    assert drawn == [(0, 2.0), (0, 4.0), (0, 8.0)]


@pytest.mark.parametrize("status", [400, 404, 409, 412, 422, 500, 504])
def test_what_would_fail_again_is_not_repeated(status: int) -> None:
    refusal = answer(status)

    assert Script([refusal]).run(retrying().send(REQUESTS["get"])) is refusal


def test_a_request_that_is_still_under_way_is_asked_about_again() -> None:
    script = Script([answer(409, retry_after="1"), FINE])

    assert script.run(retrying().send(REQUESTS["keyed"])) is FINE


def test_what_took_too_long_once_would_again() -> None:
    script = Script([DeadlineError("late")])

    with pytest.raises(DeadlineError):
        script.run(retrying().send(REQUESTS["get"]))


def test_it_gives_up_after_its_tries_with_the_last_answer() -> None:
    script = Script([UnreachableError("gone"), BUSY, BUSY])

    assert script.run(retrying(tries=3).send(REQUESTS["get"])) is BUSY
    assert len(script.requests) == 3


def test_nobody_waits_for_an_hour() -> None:
    refusal = answer(503, retry_after="3600")

    assert Script([refusal]).run(retrying().send(REQUESTS["get"])) is refusal


def test_repetitions_have_one_key_and_other_requests_another() -> None:
    script = Script([BUSY, FINE, FINE])
    sender = Keyed(retrying())

    script.run(sender.send(ONCE["post"]))
    script.run(sender.send(ONCE["post"]))

    first, again, other = (request.headers["Idempotency-Key"] for request in script.requests)
    assert first == again != other


def test_only_posts_have_a_key() -> None:
    script = Script([FINE])
    script.run(Keyed(Direct()).send(REQUESTS["get"]))

    assert "Idempotency-Key" not in script.requests[0].headers


def test_the_chain_says_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TASK2VEC_API_KEY", raising=False)
    script = Script([FINE, FINE])
    script.run(sender_of("t2v_secret", tries=2).send(REQUESTS["get"]))
    script.run(sender_of(None, tries=2).send(REQUESTS["get"]))

    known, unknown = (request.headers for request in script.requests)
    assert known["Authorization"] == "Bearer t2v_secret"
    assert "Authorization" not in unknown
    assert "secret" not in repr(sender_of("t2v_secret", tries=1))


def test_arguments_that_say_nothing_are_not_sent() -> None:
    request = get("/tasks", Anything, tag=None, tags=(), flag=False, k=3)

    assert request == Request(Method.GET, "/tasks", request.read, query={"k": 3})
