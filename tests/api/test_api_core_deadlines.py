"""An answer comes in time, or word that it does not."""

import math
import time
from pathlib import Path

import pytest
from extra_routes import extra_routes
from running import Running, running

from task2vec.types import Scope
from task2vec_api.settings import Settings

pytestmark = pytest.mark.anyio

SLEEP = "/v1/extra/sleep"


@pytest.mark.parametrize("by", ["header", "setting"])
async def test_who_waits_is_told_in_time(tmp_path: Path, by: str) -> None:
    settings = Settings(request_seconds=1 if by == "setting" else 60, access_log=False)
    headers = {"Request-Timeout": "1"} if by == "header" else {}
    async with running(tmp_path / "s", settings, routers=[extra_routes()]) as it:
        begun = time.monotonic()
        answer = await it.client.get(SLEEP, params={"seconds": 1.5}, headers=headers)
        # In this process the client hears of the end of the answer when the app has returned.
        assert time.monotonic() - begun < 2.2
        quick = await it.client.get(SLEEP, params={"seconds": 0.0}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (504, "deadline_exceeded")
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert quick.json() == {"slept": 0.0}


@pytest.mark.parametrize(
    "text", ["0", "0.99", "600.1", "-1", "nan", "inf", "soon", "1e2", "1_0", ""]
)
async def test_an_odd_deadline_is_refused(it: Running, text: str) -> None:
    headers = {"Request-Timeout": text}
    answer = await it.client.get("/v1/extra/whoami", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_setting")


async def test_who_may_and_whether_one_can_is_told_before_an_odd_deadline(it: Running) -> None:
    headers = {"Request-Timeout": "soon"}
    none_such = await it.client.put("/v1/extra/whoami", headers=headers)
    nowhere = await it.client.get("/v1/extra/nowhere", headers=headers)
    it.key(Scope.READ)
    stranger = await it.client.get("/v1/extra/whoami", headers=headers)

    assert (none_such.status_code, nowhere.status_code) == (405, 404)
    assert stranger.status_code == 401


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ({}, 60),
        ({"Request-Timeout": "7"}, 7),
        ({"Prefer": "wait=10"}, 60),
        ({"Prefer": "wait=nan"}, 60),
        ({"Prefer": "respond-async, wait=100"}, 105),
        ({"Prefer": "wait=100", "Request-Timeout": "3"}, 3),
        ({"Content-Type": "multipart/form-data; boundary=x"}, math.inf),
    ],
)
async def test_an_endpoint_knows_how_long_it_has(
    it: Running, headers: dict[str, str], left: float
) -> None:
    answer = await it.client.get("/v1/extra/deadline", headers=headers)

    # JSON has no infinity.
    if left == math.inf:
        assert answer.json() == {"left": None}
    else:
        # As fast as a busy machine may be; no two of the times are so close.
        assert left - 2 < answer.json()["left"] <= left
