"""What workers call, and what becomes of findings that cannot be used."""

import pytest
from played_worker import KINDS, complete, exported, lend
from running import Running

pytestmark = pytest.mark.anyio


async def test_a_failure_is_told_as_a_problem(server: Running, dataset: dict) -> None:
    job = (await server.client.post("/v1/tasks", json={"dataset": dataset["id"]})).json()
    lease = (await lend(server)).json()
    failure = {"fence": lease["fence"], "code": "bad_source", "problem": "No image can be read"}
    failed = await server.client.post(f"/v1/leases/{job['id']}:fail", json=failure)
    assert (failed.json()["state"], failed.json()["quarantined"]) == ("failed", False)
    error = (await server.client.get(f"/v1/jobs/{job['id']}")).json()["error"]
    assert (error["code"], error["status"]) == ("bad_source", 422)
    assert error["detail"] == "No image can be read."
    late = await server.client.post(f"/v1/leases/{job['id']}:fail", json=failure)
    assert (late.status_code, late.json()["code"]) == (409, "lease_lost")


async def test_a_job_that_is_given_back_is_lent_anew_with_a_higher_fence(server, dataset) -> None:
    job = (await server.client.post("/v1/tasks", json={"dataset": dataset["id"]})).json()
    first = (await lend(server)).json()
    back = await server.client.post(
        f"/v1/leases/{job['id']}:release", json={"fence": first["fence"]}
    )
    assert (back.json()["state"], back.json()["attempts"]) == ("queued", 0)
    second = (await lend(server)).json()
    assert second["fence"] > first["fence"]
    stale = await complete(server, first, embedding_task=exported(server))
    assert (stale.status_code, stale.json()["code"]) == (409, "lease_lost")
    assert list((server.workspace.path / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"findings": (None, "{")},
        {"findings": (None, '{"fence": "x"}')},
        {"findings": (None, '{"fence": 1, "seconds": 1, "colour": 1}')},
        {"findings": (None, '{"fence": 1, "seconds": -1}')},
        {"findings": (None, '{"fence": 1, "seconds": NaN}')},
        {"findings": (None, '{"fence": 1, "seconds": Infinity}')},
        {"findings": (None, '{"fence": 1, "seconds": 1}'), "other": ("a", b"x")},
        {"findings": (None, '{"fence": 1, "seconds": 1}'), "embedding.x": ("a", b"x")},
        {"embedding.task": ("a", b"x")},
    ],
)
async def test_findings_that_do_not_fit_are_refused(server, dataset, parts) -> None:
    await server.client.post("/v1/tasks", json={"dataset": dataset["id"]})
    lease = (await lend(server)).json()
    answer = await server.client.post(
        f"/v1/leases/{lease['job']}:complete",
        files=parts or None,
        headers={} if parts else {"Content-Type": "multipart/form-data; boundary=b"},
        content=None if parts else b"--b--\r\n",
    )
    assert answer.status_code in (400, 422), answer.text
    shown = (await server.client.get(f"/v1/jobs/{lease['job']}")).json()
    assert shown["state"] == "running"
    assert list((server.workspace.path / "uploads").iterdir()) == []


async def test_findings_that_are_no_embedding_fail_the_job(server: Running, dataset) -> None:
    await server.client.post("/v1/tasks", json={"dataset": dataset["id"]})
    lease = (await lend(server)).json()
    ended = await complete(server, lease, embedding_task=b"no embedding")
    assert (ended.status_code, ended.json()["state"]) == (200, "failed")
    assert str(server.workspace.path) not in ended.text


async def test_a_worker_waits_no_longer_than_its_own_deadline(server: Running) -> None:
    answer = await server.client.post(
        "/v1/leases",
        json={"worker": "w", "kinds": KINDS},
        params={"wait": 20},
        headers={"Request-Timeout": "1.2"},
    )
    assert answer.status_code == 204
