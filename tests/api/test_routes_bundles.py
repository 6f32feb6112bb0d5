"""Bundles over HTTP: who may, what is answered, and what a broken file leaves behind."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from filled import NAMES, filled
from running import Running, bearer

from task2vec.types import Scope

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with filled(tmp_path) as found:
        yield found


async def export(server: Running, key: Any = None, **question: Any) -> Any:
    return await server.client.post(
        "/v1/bundles:export",
        json={"name": "letters", **question},
        headers=bearer(key) if key else {},
    )


async def send(server: Running, data: bytes, key: Any = None, **fields: Any) -> Any:
    return await server.client.post(
        "/v1/bundles",
        files={"bundle": ("any", data)},
        data=fields,
        headers=bearer(key) if key else {},
    )


async def test_a_bundle_goes_out_and_comes_in(server: Running) -> None:
    written = await export(server, licence="CC0")
    assert written.status_code == 200, written.text
    assert 'filename="letters.bundle"' in written.headers["content-disposition"]

    made = await send(server, written.content, name="copy")
    assert (made.status_code, made.json()["status"]) == (201, "imported")
    assert made.json()["licences"] == dict.fromkeys(NAMES, "CC0")
    again = await send(server, written.content)
    assert (again.status_code, again.json()["status"]) == (200, "unchanged")
    listed = await server.client.get("/v1/bundles")
    assert [(each["name"], each["shipped"]) for each in listed.json()["bundles"]] == [
        ("development", True),
        ("copy", False),
    ]
    own = await server.client.get("/v1/tasks", params={"bundles": "false"})
    assert [task["name"] for task in own.json()["tasks"]] == NAMES

    gone = await server.client.delete("/v1/bundles/copy")
    assert gone.status_code == 204
    assert [task.name for task in server.workspace.store().tasks.list()] == NAMES
    unknown = await server.client.delete("/v1/bundles/copy")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_name")


async def test_only_an_admin_changes_what_all_answers_rest_on(server: Running) -> None:
    reader, writer, admin = (
        server.key(scope, name=scope.value) for scope in (Scope.READ, Scope.WRITE, Scope.ADMIN)
    )
    written = await export(server, reader)
    assert written.status_code == 200
    assert (await send(server, written.content, writer)).status_code == 403
    assert (await send(server, written.content, admin)).status_code == 201
    refused = await server.client.delete("/v1/bundles/letters", headers=bearer(writer))
    assert refused.status_code == 403
    gone = await server.client.delete("/v1/bundles/letters", headers=bearer(admin))
    assert gone.status_code == 204


async def test_what_ships_comes_in_without_a_file(server: Running) -> None:
    made = await server.client.post("/v1/bundles/development:import")
    again = await server.client.post("/v1/bundles/development:import")
    assert (made.status_code, made.json()["status"]) == (201, "imported")
    assert (again.status_code, again.json()["status"]) == (200, "unchanged")
    assert len(server.workspace.store().tasks.list()) == len(NAMES) + made.json()["tasks"]
    shown = await server.client.get("/v1/map")
    assert len(shown.json()["points"]) == len(NAMES) + made.json()["tasks"]

    unknown = await server.client.post("/v1/bundles/letters:import")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_name")
    writer = server.key(Scope.WRITE)
    refused = await server.client.post("/v1/bundles/development:import", headers=bearer(writer))
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("fields", "change", "status"),
    [
        ({}, lambda data: b"", 422),
        ({}, lambda data: data[: len(data) // 2], 422),
        ({"name": "a/b"}, lambda data: data, 422),
        ({"update": "perhaps"}, lambda data: data, 422),
        ({"colour": "red"}, lambda data: data, 422),
    ],
)
async def test_what_cannot_be_taken_in_is_refused(
    server: Running, fields: dict[str, str], change: Any, status: int
) -> None:
    written = (await export(server, tasks=["emoji_food"])).content
    answer = await send(server, change(written), **fields)
    assert answer.status_code == status, answer.text
    assert str(server.workspace.path) not in answer.text
    assert list((server.workspace.path / "uploads").glob("*")) == []
    assert [task.name for task in server.workspace.store().tasks.list()] == NAMES
