"""Heartbeats: only when the work has got ahead; and what the server answers to them."""

import time
from collections.abc import Callable

import httpx2
import pytest
from wire_server import LEASE, PULSE, answer, refusal, server

from task2vec.worker.heartbeat import Halt, Heartbeat
from task2vec.worker.shutdown import Shutdown

#: More than a beat's worth: a lease of one second has one every quarter.
WHILE = 0.6


def until(true: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def beats(recorded):
    return [(b["progress"]["stage"], b["progress"]["done"]) for b in recorded.of(":heartbeat")]


@pytest.fixture
def shutdown():
    return Shutdown()


def test_it_beats_as_the_work_gets_ahead(shutdown):
    client, recorded = server(heartbeat=answer(PULSE))
    with Heartbeat(client, LEASE, shutdown) as heartbeat:
        for done in range(12):
            heartbeat.tell("fisher", done, 12)
            if done == 6:
                heartbeat.tell_error(0.25)
            time.sleep(0.1)
    found = beats(recorded)
    assert len(found) >= 3
    assert found == sorted(set(found))
    assert all(b["fence"] == 3 for b in recorded.of(":heartbeat"))
    errors = [beat["progress"]["standard_error"] for beat in recorded.of(":heartbeat")]
    assert (errors[0], errors[-1]) == (None, 0.25)
    # At one image each tenth of a second.
    left = recorded.of(":heartbeat")[-1]["progress"]["seconds_left"]
    assert left == pytest.approx((12 - found[-1][1]) * 0.1, rel=0.5)


def test_it_does_not_beat_while_the_work_hangs(shutdown):
    client, recorded = server(heartbeat=answer(PULSE))
    with Heartbeat(client, LEASE, shutdown) as heartbeat:
        time.sleep(WHILE)
        assert beats(recorded) == []
        heartbeat.tell("fisher", 4, 12)
        until(lambda: beats(recorded) != [])
        time.sleep(WHILE)
        assert beats(recorded) == [("fisher", 4)]
        assert not heartbeat.stopped()


def test_it_says_again_what_was_not_heard(shutdown):
    replies = iter([refusal(503, "overloaded"), answer(PULSE)])
    client, recorded = server(heartbeat=lambda request: next(replies)(request))
    with Heartbeat(client, LEASE, shutdown) as heartbeat:
        heartbeat.tell("fisher", 4, 12)
        until(lambda: len(beats(recorded)) > 1)
    assert beats(recorded) == [("fisher", 4)] * 2


@pytest.mark.parametrize(
    ("reply", "halt"),
    [
        (answer(PULSE | {"cancel": True}), Halt.CANCELLED),
        (refusal(409, "lease_lost"), Halt.LOST),
        (refusal(404, "unknown_name"), Halt.LOST),
    ],
)
def test_it_stops_the_work(shutdown, reply, halt):
    client, recorded = server(heartbeat=reply)
    with Heartbeat(client, LEASE, shutdown) as heartbeat:
        heartbeat.tell("fisher", 4, 12)
        until(heartbeat.stopped)
        heartbeat.tell("fisher", 5, 12)
        time.sleep(WHILE / 2)
    assert heartbeat.halt is halt
    assert beats(recorded) == [("fisher", 4)]


def test_a_job_is_handed_back_at_once_whatever_the_work_does(shutdown):
    client, recorded = server(release=answer({}))
    with Heartbeat(client, LEASE, shutdown) as heartbeat:
        shutdown.requested = True
        assert heartbeat.stopped()
        until(lambda: bool(recorded.asked))
        assert recorded.asked == [("/v1/leases/job_1:release", {"fence": 3})]
    assert heartbeat.halt is Halt.SHUTDOWN


def test_a_job_whose_work_has_stopped_already_is_handed_back_too(shutdown):
    client, recorded = server(release=answer({}))
    with Heartbeat(client, LEASE, shutdown) as heartbeat:
        shutdown.requested = True
    assert recorded.asked == [("/v1/leases/job_1:release", {"fence": 3})]
    assert heartbeat.halt is Halt.SHUTDOWN


def test_what_is_delivered_is_not_handed_back(shutdown):
    client, recorded = server()
    with Heartbeat(client, LEASE, shutdown) as heartbeat:
        heartbeat.delivered = shutdown.requested = True
    assert recorded.asked == []


def test_handing_back_is_tried_again(shutdown):
    def broken(_):
        raise httpx2.ConnectError("refused")

    replies = iter([broken, answer({})])
    client, recorded = server(release=lambda request: next(replies)(request))
    with Heartbeat(client, LEASE, shutdown):
        shutdown.requested = True
        until(lambda: len(recorded.asked) == 2)
