"""Who is let in."""

import asyncio
import time
from datetime import datetime
from pathlib import Path

import pytest
from extra_routes import extra_routes
from running import Running, bearer, running

from task2vec.errors import SettingError
from task2vec.service import keys
from task2vec.service.workspace import Workspace
from task2vec.types import Scope
from task2vec_api.key_authentication import KeyAuthentication
from task2vec_api.settings import Settings

pytestmark = pytest.mark.anyio

WHOAMI = "/v1/extra/whoami"


async def test_without_any_key_this_machine_may_do_everything(it: Running) -> None:
    answer = await it.client.get(WHOAMI)
    counted = await it.client.post("/v1/extra/count", json={"left": 1, "right": 2})

    assert answer.json() == {"key": None, "name": "anonymous"}
    assert counted.status_code == 200


async def test_once_there_is_a_key_it_is_asked_for_until_the_next_start(it: Running) -> None:
    key = it.key(Scope.READ, name="ada")
    refused = await it.client.get(WHOAMI)
    let_in = await it.client.get(WHOAMI, headers=bearer(key))
    keys.revoke(it.workspace, "ada")
    it.app.state.maintenance.read_keys()
    after = await it.client.get(WHOAMI)

    assert refused.status_code == 401
    assert refused.json()["code"] == "unauthenticated"
    for way in ("Authorization: Bearer KEY", "TASK2VEC_API_KEY", "--api-key"):
        assert way in refused.text
    assert refused.headers["www-authenticate"] == 'Bearer realm="task2vec"'
    assert let_in.json() == {"key": key.record.id, "name": "ada"}
    assert after.status_code == 401, "revoking the last key must not let everybody in"


@pytest.mark.parametrize(
    ("scope", "opens"),
    [
        (Scope.READ, ["read"]),
        (Scope.WRITE, ["read", "write"]),
        (Scope.WORK, ["work"]),
        (Scope.ADMIN, ["read", "write", "work", "admin"]),
    ],
)
async def test_a_key_says_what_it_opens(it: Running, scope: Scope, opens: list[str]) -> None:
    key = it.key(scope, name="ada")
    shown = await it.client.get("/v1/key", headers=bearer(key))

    expected = {"id": key.record.id, "name": "ada", "scopes": opens, "expires": None}
    assert shown.json() == expected
    assert (await it.client.get("/v1/key")).status_code == 401


async def test_a_key_says_when_it_ends_and_no_key_opens_everything(it: Running) -> None:
    nobody = (await it.client.get("/v1/key")).json()
    key = it.key(Scope.READ, days=2)
    shown = (await it.client.get("/v1/key", headers=bearer(key))).json()

    assert nobody == {"id": None, "name": None, "scopes": list(Scope), "expires": None}
    ends = datetime.fromisoformat(shown["expires"])
    assert ends.timestamp() == pytest.approx(time.time() + 2 * 86_400, abs=60)


async def test_a_key_is_refused_within_a_second_after_anybody_revokes_it(
    it: Running, tmp_path: Path
) -> None:
    key = it.key(Scope.READ)
    assert (await it.client.get(WHOAMI, headers=bearer(key))).status_code == 200
    with Workspace(tmp_path / "s", beside_server=True) as other_process:
        keys.revoke(other_process, key.record.id)
    begun = time.monotonic()
    while (await it.client.get(WHOAMI, headers=bearer(key))).status_code == 200:
        assert time.monotonic() - begun < 1.0
        await asyncio.sleep(0.02)


async def test_an_expired_key_is_refused_at_once(it: Running) -> None:
    key = it.key(Scope.READ, days=0.3 / 86_400)
    before = await it.client.get(WHOAMI, headers=bearer(key))
    await asyncio.sleep(0.35)
    after = await it.client.get(WHOAMI, headers=bearer(key))

    assert (before.status_code, after.status_code) == (200, 401)
    assert after.json()["detail"] == "This key has expired."


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer t2v_",
        "Basic YTpi",
        "Bearer ünïcode",
        "bearer\tx",
        "x" * 9000,
    ],
)
async def test_odd_credentials_are_refused_even_where_none_are_asked_for(
    it: Running, header: str
) -> None:
    headers = {"Authorization": header.encode()}
    answer = await it.client.get(WHOAMI, headers=headers)

    assert answer.status_code == 401


async def test_another_keys_secret_does_not_fit(it: Running) -> None:
    one, two = it.key(Scope.READ, name="one"), it.key(Scope.ADMIN, name="two")
    mixed = one.secret[:17] + two.secret[17:]
    answer = await it.client.get(WHOAMI, headers={"Authorization": f"Bearer {mixed}"})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"Host": "localhost"}, False),
        ({"Host": "localhost:8000"}, False),
        ({"Host": "127.0.0.1:8000"}, False),
        ({"Host": "[::1]:8000"}, False),
        ({"Host": "127.8.9.1"}, False),
        ({"Host": "evil.example"}, True),
        ({"Host": "localhost.evil.example"}, True),
        ({"Host": "127.0.0.1.evil.example"}, True),
        ({"Host": "169.254.1.1"}, True),
        ({"Host": "[::1"}, True),
        ({"Origin": "http://localhost:3000"}, False),
        ({"Origin": "https://evil.example"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "file://"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, False),
        ({"X-Forwarded-For": "203.0.113.7"}, True),
        ({"Forwarded": "for=203.0.113.7"}, True),
        ({"Via": "1.1 proxy"}, True),
    ],
)
async def test_web_pages_and_proxies_do_not_get_at_a_server_without_keys(
    it: Running, headers: dict[str, str], refused: bool
) -> None:
    without_key = await it.client.get(WHOAMI, headers=headers)
    key = it.key(Scope.READ)
    with_key = await it.client.get(WHOAMI, headers=headers | bearer(key))

    assert without_key.status_code == (403 if refused else 200)
    if refused:
        assert without_key.json()["code"] == "refused_origin"
    assert with_key.status_code == 200, "who has a key may come from anywhere"


async def test_only_the_hosts_that_were_named_are_answered_to(tmp_path: Path) -> None:
    settings = Settings(allowed_hosts=("t2v.example",), access_log=False)
    async with running(tmp_path / "s", settings, routers=[extra_routes()]) as it:
        key = it.key(Scope.READ)
        statuses = [
            (await it.client.get(WHOAMI, headers={"Host": host} | bearer(key))).status_code
            for host in ("t2v.example", "T2V.example:443", "other.example", "localhost")
        ]

    assert statuses == [200, 200, 403, 200]


async def test_pages_of_named_origins_may_call(tmp_path: Path) -> None:
    settings = Settings(cors_origins=("https://lab.example",), access_log=False)
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-y"}
    async with running(tmp_path / "s", settings, routers=[extra_routes()]) as it:
        named = await it.client.options(
            WHOAMI, headers={"Origin": "https://lab.example"} | preflight
        )
        other = await it.client.options(
            WHOAMI, headers={"Origin": "https://evil.example"} | preflight
        )
        answer = await it.client.get(WHOAMI, headers={"Origin": "https://lab.example"})

    assert named.headers["access-control-allow-origin"] == "https://lab.example"
    assert "access-control-allow-origin" not in other.headers
    assert answer.headers["access-control-allow-origin"] == "https://lab.example"


async def test_without_being_asked_no_page_is_let_in(it: Running) -> None:
    key = it.key(Scope.READ)
    headers = {"Origin": "https://lab.example"} | bearer(key)
    answer = await it.client.get(WHOAMI, headers=headers)

    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("settings", "with_key", "fine"),
    [
        ({}, False, True),
        ({"host": "::1"}, False, True),
        ({"host": "0.0.0.0"}, False, False),
        ({"host": "192.0.2.1"}, False, False),
        ({"host": "0.0.0.0"}, True, False),
        ({"host": "0.0.0.0", "insecure_http": True}, False, False),
        ({"host": "0.0.0.0", "insecure_http": True}, True, True),
        ({"host": "0.0.0.0", "behind_proxy": True}, False, False),
        ({"host": "0.0.0.0", "behind_proxy": True}, True, True),
        ({"behind_proxy": True}, False, False),
        ({"behind_proxy": True}, True, True),
    ],
)
def test_strangers_need_a_key_and_no_key_crosses_the_network_in_the_clear(
    settings: dict[str, object], with_key: bool, fine: bool
) -> None:
    authentication = KeyAuthentication(Settings(**settings))  # type: ignore[arg-type]
    if with_key:
        authentication.refresh([keys.draw("somebody", [Scope.READ]).record])

    if fine:
        authentication.check_exposure(Path("s 1"))
    else:
        with pytest.raises(SettingError):
            authentication.check_exposure(Path("s 1"))
    assert authentication.open == (
        not with_key and "behind_proxy" not in settings and doors_loopback(settings)
    )


def doors_loopback(settings: dict[str, object]) -> bool:
    return settings.get("host", "127.0.0.1") in ("127.0.0.1", "::1")


def test_a_revoked_or_expired_key_does_not_count_as_one() -> None:
    authentication = KeyAuthentication(Settings(host="0.0.0.0", insecure_http=True))
    expired = keys.draw("late", [Scope.READ], expires=time.time() - 1).record
    authentication.refresh([expired])

    with pytest.raises(SettingError, match=r"Without a key.*--store 's 1'"):
        authentication.check_exposure(Path("s 1"))


async def test_the_workers_of_the_server_need_no_key_of_the_store(it: Running) -> None:
    it.key(Scope.READ)
    own = bearer(it.runtime.keys.worker_key)
    reads = await it.client.get(WHOAMI, headers=own)
    writes = await it.client.post("/v1/extra/count", json={"left": 1, "right": 1}, headers=own)
    stored = keys.list_all(it.workspace)

    assert (reads.status_code, writes.status_code) == (200, 403)
    assert [record.name for record in stored] == ["somebody"]
