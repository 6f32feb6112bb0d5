"""Whether the server is alive and ready, what it measures and what it logs."""

import asyncio
import json
import logging
import re
import shutil
from pathlib import Path

import pytest
from extra_routes import extra_routes
from factories import replace
from prometheus_client.parser import text_string_to_metric_families
from running import Running, bearer, running

from task2vec.errors import StoreError
from task2vec.store.jobs.record import JobRecord
from task2vec.store.tables.audit import AuditEntry
from task2vec.types import JobKind, JobState, Scope
from task2vec_api.logs import TextFormatter, WithoutSecrets, json_formatter
from task2vec_api.settings import Settings

pytestmark = pytest.mark.anyio


async def ready(it: Running) -> tuple[int, list[str]]:
    answer = await it.client.get("/readyz")
    return answer.status_code, answer.json()["reasons"]


async def until_indexed(it: Running) -> None:
    while not it.runtime.indexed:
        await asyncio.sleep(0.01)


async def test_alive_and_ready_need_no_key(it: Running) -> None:
    it.key(Scope.READ)
    alive, ready_, measured = [
        (await it.client.get(path)).status_code for path in ("/livez", "/readyz", "/metrics")
    ]

    assert (alive, ready_, measured) == (200, 503, 401)


async def test_ready_when_a_worker_is_and_no_longer_when_it_is_not(it: Running) -> None:
    no_worker = ["no worker has loaded its model yet"]
    await until_indexed(it)
    assert await ready(it) == (503, no_worker)
    it.runtime.workers.asks("w", [JobKind.EMBED])
    assert await ready(it) == (200, [])
    it.runtime.workers.leaves("w")
    assert await ready(it) == (503, no_worker)
    it.runtime.workers.asks("w", [JobKind.EMBED])
    it.runtime.drain()
    assert await ready(it) == (503, ["the server is about to stop"])


async def test_a_store_that_cannot_be_read_is_a_reason(it: Running, tmp_path: Path) -> None:
    await until_indexed(it)
    it.runtime.workers.asks("w", [JobKind.EMBED])
    database = tmp_path / "s" / "task2vec.sqlite3"
    it.workspace.store().close()
    database.with_name("task2vec.sqlite3-wal").unlink(missing_ok=True)
    whole = database.read_bytes()
    database.write_bytes(b"no database" * 100)
    damaged = await ready(it)
    it.workspace.store().close()
    database.write_bytes(whole)
    mended = await ready(it)

    assert damaged == (503, ["the store cannot be read (store_corrupt)"])
    assert mended == (200, [])


def measured(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_requests_are_counted_by_route(it: Running) -> None:
    for number in ("1", "2", "x"):
        await it.client.get(f"/v1/extra/numbers/{number}")
    await it.client.get("/v1/nothing/here")
    await it.client.request("BREW", "/v1/extra/whoami")
    found = measured((await it.client.get("/metrics")).text)

    def count(method: str, route: str, status: str) -> float | None:
        labels = (("method", method), ("route", route), ("status", status))
        return found.get(("task2vec_http_request_duration_seconds_count", labels))

    assert count("GET", "/v1/extra/numbers/{number}", "200") == 2
    assert count("GET", "/v1/extra/numbers/{number}", "422") == 1
    assert count("GET", "none", "404") == 1
    assert count("other", "/v1/extra/whoami", "405") == 1
    assert found["task2vec_http_requests_in_flight", ()] == 1
    assert found["task2vec_resident_memory_bytes", ()] > 1e7


async def test_jobs_and_workers_are_measured(it: Running) -> None:
    jobs = it.workspace.store().jobs
    for number in range(3):
        job = JobRecord(id="", kind=JobKind.EMBED, payload={"number": number})
        jobs.submit(job, now=1_000_000_000.0)
    jobs.lease(worker="w", kinds=[JobKind.EMBED], now=1_000_000_001.0, seconds=1e10)
    it.runtime.workers.works("w", "job_1")
    found = measured((await it.client.get("/metrics")).text)

    def jobs_in(state: JobState) -> float:
        return found["task2vec_jobs", (("kind", "embed"), ("state", state.value))]

    assert (jobs_in(JobState.QUEUED), jobs_in(JobState.RUNNING)) == (2, 1)
    assert found["task2vec_jobs_queue_depth", ()] == 2
    assert found["task2vec_jobs_oldest_queued_seconds", ()] > 7e8
    assert found["task2vec_workers", ()] == 1


async def test_writes_and_refusals_are_audited_and_reads_are_not(it: Running) -> None:
    key = it.key(Scope.WRITE)
    await it.client.get("/v1/extra/whoami", headers=bearer(key))
    made = await it.client.post(
        "/v1/extra/count", json={"left": 1, "right": 1}, headers=bearer(key)
    )
    await it.client.get("/v1/extra/whoami", headers={"Authorization": "Bearer t2v_guess"})
    it.runtime.audit_log.flush()
    entries = it.workspace.store().audit.latest(10)

    told = [(e.action, e.key, e.address, e.status) for e in reversed(entries)]
    assert told == [
        ("keys create", None, None, None),
        ("POST /v1/extra/count", key.record.id, "127.0.0.1", 200),
        ("GET /v1/extra/whoami", None, "127.0.0.1", 401),
    ]
    assert entries[1].request_id == made.headers["x-request-id"]


async def test_a_refusal_is_told_by_the_route_that_it_was_for(it: Running) -> None:
    it.key(Scope.READ)
    for method, path in (("DELETE", "/v1/tasks/birds"), ("GET", "/v1/nowhere/birds")):
        await it.client.request(method, path)
    it.runtime.audit_log.flush()
    entries = it.workspace.store().audit.latest(2)

    assert [(entry.action, entry.subject) for entry in reversed(entries)] == [
        ("DELETE /v1/tasks/{task}", "/v1/tasks/birds"),
        ("GET /v1/nowhere/birds", "/v1/nowhere/birds"),
    ]


async def test_what_the_servers_own_workers_hand_in_is_told_as_theirs(it: Running) -> None:
    key = it.key(Scope.WORK)
    for worker in (it.runtime.keys.worker_key, key):
        await it.client.post("/v1/leases/job_1:release", json={"fence": 1}, headers=bearer(worker))
    it.runtime.audit_log.flush()
    entries = it.workspace.store().audit.latest(2)

    assert [entry.key for entry in reversed(entries)] == ["own workers", key.record.id]


async def test_the_audit_log_is_written_when_the_server_ends(tmp_path: Path) -> None:
    async with running(tmp_path / "s", routers=[extra_routes()]) as it:
        await it.client.post("/v1/extra/count", json={"left": 1, "right": 1})
    async with running(tmp_path / "s") as it:
        actions = [entry.action for entry in it.workspace.store().audit.latest(10)]

    assert actions == ["POST /v1/extra/count"]


async def test_requests_refused_all_night_do_not_fill_the_log(it: Running) -> None:
    it.app.state.maintenance.stop(10)
    headers = {"Authorization": "Bearer t2v_guess"}
    for _ in range(120):
        await it.client.get("/v1/extra/whoami", headers=headers)
    it.runtime.audit_log.flush()
    entries: list[AuditEntry] = it.workspace.store().audit.latest(200)

    assert len(entries) == 51
    assert (entries[0].action, entries[0].subject) == ("refused", "70 more requests")


async def test_long_and_odd_paths_reach_no_log_as_they_came(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="task2vec.access")
    async with running(tmp_path / "s", Settings()) as it:
        it.key(Scope.READ)
        await it.client.get("/v1/%1b%5b2J%0aforged" + "x" * 30_000)
        it.runtime.audit_log.flush()
        entry = it.workspace.store().audit.latest(1)[0]

    told = r"/v1/\x1b[2J\nforged" + "x" * 185 + "..."
    record = caplog.records[-1]
    assert entry.subject == told
    assert (vars(record)["path"], record.getMessage()) == (told, f"GET {told} 401")


def test_a_line_for_people_is_one_line() -> None:
    try:
        raise ValueError("a\x1b[2Jb")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    message = ("a\x1b]0;x\x07\nforged",)
    record = logging.LogRecord("task2vec.x", logging.ERROR, __file__, 1, "%s", message, info)
    assert WithoutSecrets().filter(record)
    lines = TextFormatter().format(record).split("\n")

    assert lines[0].endswith(r" a\x1b]0;x\x07\nforged")
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1] == r"ValueError: a\x1b[2Jb"


def test_a_line_for_people_about_no_request_is_its_time_and_message() -> None:
    record = logging.LogRecord("task2vec.x", logging.INFO, __file__, 1, "ready", (), None)
    assert WithoutSecrets().filter(record)

    assert re.fullmatch(r"\d\d:\d\d:\d\d ready", TextFormatter().format(record))
    assert json.loads(json_formatter().format(record))["request_id"] is None


async def test_each_request_is_a_line_without_secrets(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="task2vec.access")
    async with running(tmp_path / "s", Settings(), routers=[extra_routes()]) as it:
        key = it.key(Scope.READ)
        answer = await it.client.get(f"/v1/extra/whoami?key={key.secret}", headers=bearer(key))

    record = caplog.records[-1]
    assert WithoutSecrets().filter(record)
    line = json.loads(json_formatter().format(record))
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/v1/extra/whoami", 200)
    assert (line["key"], line["level"]) == (key.record.id, "INFO")
    assert key.secret not in json.dumps(line)


@pytest.mark.parametrize("style", ["json", "text"])
def test_secrets_are_taken_out_of_whatever_is_logged(style: str) -> None:
    secret = f"t2v_0123456789ab_{'S' * 43}"
    formatter = json_formatter() if style == "json" else TextFormatter()
    try:
        raise ValueError(f"with Authorization: Bearer {secret} and {secret}")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord(
        "task2vec.x", logging.ERROR, __file__, 1, "key %s, Bearer %s", (secret, "abc.def"), info
    )
    record.header = f"Bearer {secret}"

    assert WithoutSecrets().filter(record)
    line = formatter.format(record)

    assert "S" * 43 not in line
    assert "abc.def" not in line
    assert len(re.findall(r"\[redacted\]", line)) >= 4


async def test_large_answers_are_compressed_and_events_are_not(tmp_path: Path) -> None:
    async with running(tmp_path / "s") as it:
        asked = {"Accept-Encoding": "gzip"}
        document = await it.client.get("/openapi.json", headers=asked)
        plain = await it.client.get("/openapi.json", headers={"Accept-Encoding": "identity"})

    assert document.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert document.json() == plain.json()


async def test_leases_end_and_what_is_old_goes_without_being_asked(tmp_path: Path) -> None:
    brief = Settings(lease_seconds=1, job_days=0, access_log=False)
    lost: set[str] = set()
    async with running(tmp_path / "s", brief) as it:
        it.app.state.maintenance.on_expired = lost.update
        store = it.workspace.store()
        job = store.jobs.submit(JobRecord(id="", kind=JobKind.EMBED, payload={}), now=1.0)
        store.jobs.lease(worker="w", kinds=[JobKind.EMBED], now=1.0, seconds=1)
        for _ in range(300):
            if store.jobs.get(job.id).state is JobState.QUEUED:
                break
            await asyncio.sleep(0.01)
        assert store.jobs.get(job.id).state is JobState.QUEUED

    assert lost == {job.id}


async def test_a_store_that_was_removed_is_a_reason_and_takes_nothing(
    it: Running, tmp_path: Path
) -> None:
    await until_indexed(it)
    it.runtime.workers.asks("w", [JobKind.EMBED])
    models = it.workspace.store().models
    models.add(replace(models.list()[0], id="", name="mine", ref="timm:resnet18.tv_in1k"))
    assert await ready(it) == (200, [])
    shutil.rmtree(tmp_path / "s")
    assert await ready(it) == (503, ["the store cannot be read (store_unavailable)"])
    answer = await it.client.delete("/v1/models/mine")
    with pytest.raises(StoreError, match="removed or replaced"):
        it.workspace.store().keys.revoke("nobody")
    assert answer.status_code == 503, answer.text
    assert not (tmp_path / "s" / "task2vec.sqlite3").exists()
