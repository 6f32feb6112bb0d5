"""Batches over HTTP."""

import json
from typing import Any

import pytest
from filled import zipped
from running import Running, all_pages

pytestmark = pytest.mark.anyio


async def begin(server: Running, dataset: dict[str, Any], *names: str, **more: Any) -> Any:
    items = [{"dataset": dataset["id"], "name": name} for name in names]
    return await server.client.post("/v1/batches", json={"items": items, **more})


async def test_each_item_is_a_job_or_fails_alone(server: Running, dataset: dict[str, Any]) -> None:
    begun = await begin(server, dataset, "a", "b", "emoji_food", tags=["t"])
    batch = begun.json()
    assert (begun.status_code, batch["total"]) == (202, 3)
    assert {k: v for k, v in batch["counts"].items() if v} == {"pending": 2, "failed": 1}
    shown = await server.client.get(begun.headers["location"])
    assert shown.json() == batch
    items = (await server.client.get(f"/v1/batches/{batch['id']}/items")).json()["items"]
    assert [(i["position"], i["name"], i["status"]) for i in items] == [
        (0, "a", "pending"),
        (1, "b", "pending"),
        (2, "emoji_food", "failed"),
    ]
    assert (items[2]["error"]["code"], items[2]["error"]["status"]) == ("name_taken", 409)
    jobs = (await server.client.get("/v1/jobs", params={"batch": batch["id"]})).json()["jobs"]
    assert {job["id"] for job in jobs} == {items[0]["job"], items[1]["job"]}
    assert {job["priority"] for job in jobs} == {"low"}


async def test_items_are_added_listed_and_streamed(server: Running, dataset) -> None:
    batch = (await begin(server, dataset)).json()
    assert batch["total"] == 0
    more = [{"dataset": dataset["id"], "name": f"n{n}"} for n in range(5)]
    grown = await server.client.post(f"/v1/batches/{batch['id']}/items", json={"items": more})
    assert (grown.status_code, grown.json()["total"]) == (202, 5)
    pages = await all_pages(server, f"/v1/batches/{batch['id']}/items", size=2)
    found = [item for page in pages for item in page]
    assert [item["name"] for item in found] == ["n0", "n1", "n2", "n3", "n4"]
    lines = await server.client.get(
        f"/v1/batches/{batch['id']}/items", headers={"Accept": "application/jsonl"}
    )
    assert lines.headers["content-type"].startswith("application/jsonl")
    assert [json.loads(line) for line in lines.text.splitlines()] == found


async def test_a_batch_is_cancelled(server: Running, dataset: dict[str, Any]) -> None:
    batch = (await begin(server, dataset, "a", "b")).json()
    cancelled = await server.client.post(f"/v1/batches/{batch['id']}:cancel")
    assert cancelled.status_code == 200
    assert {k: v for k, v in cancelled.json()["counts"].items() if v} == {"cancelled": 2}


def foreseen(dataset: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "sha256": dataset["sha256"], "bytes": dataset["bytes"], **more}


async def test_a_check_tells_what_would_become_of_bytes(server: Running, dataset) -> None:
    items = [
        foreseen(dataset, "a"),
        foreseen(dataset, "a"),
        foreseen(dataset, "a", tags=["other"]),
        foreseen(dataset, "emoji_food"),
        foreseen(dataset, "tsk_0123456789abcdef"),
        foreseen(dataset, "large", sha256="0" * 64, bytes=10**13),
        foreseen(dataset, "sent before", bytes=10**13),
    ]
    answer = await server.client.post("/v1/batches:check", json={"items": items})
    found = answer.json()["items"]
    assert answer.status_code == 200
    assert [(i["position"], i["name"]) for i in found] == [
        (n, item["name"]) for n, item in enumerate(items)
    ]
    assert [i["error"] and i["error"]["code"] for i in found] == [
        *(None, None, "name_taken", "name_taken"),
        *("bad_setting", "too_large", None),
    ]
    assert [i["status"] for i in found] == ["failed" if i["error"] else "pending" for i in found]
    assert (await server.client.get("/v1/batches")).json()["batches"] == []
    assert (await server.client.get("/v1/jobs")).json()["jobs"] == []


async def test_a_check_knows_bytes_that_came_without_labels(server: Running, tmp_path) -> None:
    sent = await server.client.post(
        "/v1/datasets",
        files={"file": ("new.zip", zipped(tmp_path, "greek_capitals"))},
        data={"labelled": "false"},
    )
    items = [foreseen(sent.json(), name) for name in ("new", "other")]
    answer = await server.client.post("/v1/batches:check", json={"items": items})
    assert [i["status"] for i in answer.json()["items"]] == ["failed", "pending"]


async def test_batches_come_newest_first(server: Running, dataset: dict[str, Any]) -> None:
    begun = [(await begin(server, dataset, f"n{n}")).json()["id"] for n in range(3)]
    pages = await all_pages(server, "/v1/batches", size=2)
    assert [batch["id"] for page in pages for batch in page] == begun[::-1]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/batches/bat_0", None, 404),
        ("GET", "/v1/batches/bat_0/items", None, 404),
        ("POST", "/v1/batches/bat_0/items", {"items": [{"dataset": "dst_0"}]}, 404),
        ("POST", "/v1/batches/bat_0:cancel", None, 404),
        ("POST", "/v1/batches", {"items": [{"name": "x"}]}, 422),
        ("POST", "/v1/batches", {"items": [], "colour": "red"}, 422),
        ("POST", "/v1/batches", {"settings": {"probe": ""}}, 422),
        ("POST", "/v1/batches:check", {"items": []}, 422),
        ("POST", "/v1/batches:check", {"items": [{"name": "a", "sha256": "x", "bytes": 1}]}, 422),
    ],
)
async def test_what_is_not_there_or_makes_no_sense(server, method, path, body, status) -> None:
    answer = await server.client.request(method, path, json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
