"""Jobs over HTTP, worked on by a worker that this test plays over HTTP as well."""

import json
from pathlib import Path
from typing import Any

import pytest
import small_store
from played_worker import complete, events, exported, lend
from running import Running, all_pages
from small_expert import add_expert, expert_file

from task2vec.probe.weight_files import file_hash

pytestmark = pytest.mark.anyio


async def test_a_data_set_becomes_a_task(server: Running, dataset: dict[str, Any]) -> None:
    asked = await server.client.post("/v1/tasks", json={"dataset": dataset["id"], "tags": ["a"]})
    job = asked.json()
    assert (asked.status_code, job["state"], job["name"]) == (202, "queued", "new")
    assert asked.headers["location"] == f"/v1/jobs/{job['id']}"

    lease = (await lend(server)).json()
    assert (lease["job"], lease["kind"]) == (job["id"], "embed")
    assert lease["payload"]["datasets"]["task"]["sha256"] == dataset["sha256"]
    for done in (5, 10):
        pulse = await server.client.post(
            f"/v1/leases/{job['id']}:heartbeat",
            json={
                "fence": lease["fence"],
                "progress": {"stage": "reading", "done": done, "total": 24},
            },
        )
        assert (pulse.status_code, pulse.json()["cancel"]) == (200, False)
    shown = (await server.client.get(f"/v1/jobs/{job['id']}")).json()
    assert (shown["state"], shown["progress"]["done"]) == ("running", 10)

    thumbnail = server.workspace.store().tasks.thumbnail("greek_capitals") or b""
    ended = await complete(server, lease, embedding_task=exported(server), thumbnail_task=thumbnail)
    assert (ended.status_code, ended.json()["state"]) == (200, "succeeded"), ended.text
    result = ended.json()["result"]
    task = (await server.client.get("/v1/tasks/new")).json()
    assert {key: task[key] for key in result if key in task} == {
        key: value for key, value in result.items() if key in task
    }
    assert task["tags"] == ["a"]
    picture = await server.client.get("/v1/tasks/new/thumbnail")
    assert picture.content == thumbnail
    again = await complete(server, lease, embedding_task=exported(server))
    assert again.json() == ended.json()
    assert list((server.workspace.path / "uploads").iterdir()) == []

    told = await events(server, job["id"])
    assert [(e["event"], e["data"]["job"]["state"]) for e in told] == [
        ("state", "queued"),
        ("state", "running"),
        ("progress", "running"),
        ("progress", "running"),
        ("state", "succeeded"),
    ]
    # Of 24: what succeeded is done, whatever its worker told last.
    assert [e["data"]["job"]["progress"]["done"] for e in told] == [0, 0, 5, 10, 24]
    assert all(int(e["id"]) == e["data"]["id"] for e in told)
    assert told[-1]["data"]["job"] == ended.json()
    rest = await events(server, job["id"], **{"Last-Event-ID": told[2]["id"]})
    assert rest == told[3:]
    done = await server.client.get(
        f"/v1/jobs/{job['id']}/events", headers={"Last-Event-ID": told[-1]["id"]}
    )
    assert (done.status_code, done.content) == (204, b"")


@pytest.mark.parametrize("header", ["x", "-1", "1.5", "9" * 30, "٣", "1; 2"])
async def test_an_event_id_that_is_none_is_refused(server, dataset, header: str) -> None:
    job = (await server.client.post("/v1/tasks", json={"dataset": dataset["id"]})).json()
    answer = await server.client.get(
        f"/v1/jobs/{job['id']}/events", headers={"Last-Event-ID": header.encode()}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")


async def test_what_is_stored_already_is_no_work(server: Running, dataset: dict[str, Any]) -> None:
    await server.client.post("/v1/tasks", json={"dataset": dataset["id"]})
    lease = (await lend(server)).json()
    await complete(server, lease, embedding_task=exported(server))
    again = await server.client.post("/v1/tasks", json={"dataset": dataset["id"]})
    assert (again.status_code, again.json()["state"]) == (202, "succeeded")
    waiting = await server.client.post(
        "/v1/tasks", json={"dataset": dataset["id"]}, headers={"Prefer": "wait=5"}
    )
    assert (waiting.status_code, waiting.json()["name"]) == (200, "new")
    assert waiting.headers["preference-applied"].startswith("wait")
    taken = await server.client.post(
        "/v1/tasks", json={"dataset": dataset["id"], "name": "emoji_food"}
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")


async def test_a_client_may_wait_for_the_result(server: Running, dataset: dict[str, Any]) -> None:
    import anyio

    async def work() -> None:
        lease = (await lend(server, wait=10)).json()
        await complete(server, lease, embedding_task=exported(server))

    async with anyio.create_task_group() as group:
        group.start_soon(work)
        answer = await server.client.post(
            "/v1/tasks", json={"dataset": dataset["id"]}, headers={"Prefer": "wait=20"}
        )
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/tasks/{answer.json()['id']}"
    late = await server.client.post(
        "/v1/search", json={"dataset": dataset["id"]}, headers={"Prefer": "wait=0.2"}
    )
    assert (late.status_code, late.json()["kind"]) == (202, "search")


async def test_a_data_set_is_searched_with_and_measured(server, dataset) -> None:
    sent = exported(server)
    asked = await server.client.post("/v1/search", json={"dataset": dataset["id"], "k": 2})
    await complete(server, (await lend(server)).json(), embedding_task=sent)
    job = (await server.client.get(asked.headers["location"])).json()
    direct = await server.client.get("/v1/tasks/greek_capitals/neighbours", params={"k": 2})
    names = [found["name"] for found in job["result"]["neighbours"]]
    assert names[0] == "greek_capitals"
    assert names[1] == direct.json()["neighbours"][0]["name"]

    asked = await server.client.post(
        "/v1/distances",
        json={"source": {"dataset": dataset["id"]}, "target": {"task": "emoji_food"}},
    )
    await complete(server, (await lend(server)).json(), embedding_source=sent)
    job = (await server.client.get(asked.headers["location"])).json()
    direct = await server.client.post(
        "/v1/distances",
        json={"source": {"task": "greek_capitals"}, "target": {"task": "emoji_food"}},
    )
    for field in ("symmetric", "asymmetric", "information", "complexity"):
        assert job["result"][field] == direct.json()[field]


async def test_a_job_is_cancelled_and_tried_again(server: Running, dataset: dict) -> None:
    job = (await server.client.post("/v1/tasks", json={"dataset": dataset["id"]})).json()
    cancelled = await server.client.post(f"/v1/jobs/{job['id']}:cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    twice = await server.client.post(f"/v1/jobs/{job['id']}:cancel")
    assert (twice.status_code, twice.json()["code"]) == (409, "wrong_state")
    assert (await lend(server)).status_code == 204
    again = await server.client.post(f"/v1/jobs/{job['id']}:retry")
    assert again.json()["state"] == "queued"
    lease = (await lend(server)).json()
    stopping = await server.client.post(f"/v1/jobs/{job['id']}:cancel")
    assert stopping.json()["state"] == "cancelling"
    pulse = await server.client.post(
        f"/v1/leases/{job['id']}:heartbeat",
        json={"fence": lease["fence"], "progress": {"stage": "reading", "done": 1, "total": 2}},
    )
    assert pulse.json()["cancel"] is True
    dropped = await complete(server, lease, embedding_task=exported(server))
    assert (dropped.status_code, dropped.json()["state"]) == (200, "cancelled")
    assert (await server.client.get("/v1/tasks/new")).status_code == 404


async def test_jobs_are_listed_newest_first_and_filtered(server: Running, dataset) -> None:
    for name in ("a", "b", "c"):
        body = {"dataset": dataset["id"], "name": name}
        await server.client.post("/v1/tasks", json=body)
    await server.client.post("/v1/search", json={"dataset": dataset["id"]})
    await lend(server)
    pages = await all_pages(server, "/v1/jobs", size=3)
    found = [(job["kind"], job["name"]) for page in pages for job in page]
    assert found == [("search", "new"), ("embed", "c"), ("embed", "b"), ("embed", "a")]
    for given, names in (
        ({"state": "running"}, ["a"]),
        ({"kind": "search"}, ["new"]),
        ({"kind": "embed", "state": "queued"}, ["c", "b"]),
    ):
        page = (await server.client.get("/v1/jobs", params=given)).json()
        assert [job["name"] for job in page["jobs"]] == names
    assert (await server.client.get("/v1/jobs", params={"state": "x"})).status_code == 422


async def planned(server: Running, lease: dict[str, Any], **files: bytes) -> Any:
    findings = {"fence": lease["fence"], "seconds": 0.0}
    parts = {name.replace("_", "."): (name, data) for name, data in files.items()}
    return await server.client.post(
        f"/v1/leases/{lease['job']}:plan",
        files={"findings": (None, json.dumps(findings), "application/json"), **parts},
    )


async def test_a_worker_is_told_what_to_measure_once_a_data_set_is_embedded(
    server: Running, dataset: dict[str, Any], tmp_path: Path
) -> None:
    file = expert_file(tmp_path, small_store.build().sources / "latin_small_letters")
    add_expert(server.workspace, file, name="letters", task="latin_small_letters")
    asked = await server.client.post("/v1/recommendations", json={"dataset": dataset["id"]})
    assert asked.status_code == 202
    lease = (await lend(server)).json()
    assert (lease["payload"]["plan"], lease["payload"]["budget"]) == (True, 20.0)
    plan = await planned(server, lease, embedding_task=exported(server))
    assert plan.status_code == 200, plan.text
    models = plan.json()["models"]
    assert models[0]["name"] == "efficientnet_lite0"
    # An expert of a near task, which the packaged models of the lease are without.
    (letters,) = [model for model in models if model["name"] == "letters"]
    assert letters["ref"].startswith("store:")
    assert letters["sha256"] == file_hash(file)
    assert "letters" not in {model["name"] for model in lease["payload"]["probe_models"]}
    # Nothing is stored, and the job goes on.
    shown = (await server.client.get(f"/v1/jobs/{lease['job']}")).json()
    assert shown["state"] == "running"
    gone = await planned(server, {**lease, "fence": lease["fence"] + 1}, embedding_task=b"")
    assert (gone.status_code, gone.json()["code"]) == (409, "lease_lost")
    unfit = await planned(server, lease, embedding_task=b"nothing of the kind")
    assert 400 <= unfit.status_code < 500


async def test_only_what_recommends_for_a_data_set_is_planned(
    server: Running, dataset: dict[str, Any]
) -> None:
    await server.client.post("/v1/search", json={"dataset": dataset["id"]})
    lease = (await lend(server)).json()
    answer = await planned(server, lease, embedding_task=exported(server))
    assert (answer.status_code, "measures nothing" in answer.text) == (422, True)
