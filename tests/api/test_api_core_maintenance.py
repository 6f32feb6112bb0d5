"""What the server throws away by itself."""

import functools
import logging
import math
import time
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from raw_rows import damaged
from running import running

from task2vec.errors import KeyReusedError
from task2vec.store.jobs.record import JobRecord
from task2vec.store.jobs.state_machine import MOST_TRIES
from task2vec.store.sql.idempotency import StoredAnswer
from task2vec.store.tables.audit import AuditEntry
from task2vec.types import JobKind, JobState
from task2vec_api.settings import Settings

pytestmark = pytest.mark.anyio


async def test_old_entries_and_answers_go(tmp_path: Path) -> None:
    short = Settings(audit_days=2, idempotency_hours=3, access_log=False)
    async with running(tmp_path / "s", short) as it:
        store, now = it.workspace.store(), time.time()
        days = [datetime.fromtimestamp(now - d * 86_400, UTC).isoformat() for d in (2.1, 1.9)]
        store.audit.append([AuditEntry(action="a", at=at) for at in days])
        for hours in (3.1, 2.9):
            key = {"owner": "", "key": f"{hours}"}
            store.idempotency.begin(**key, fingerprint="f", now=now - hours * 3600, keep=math.inf)
            store.idempotency.finish(**key, answer=StoredAnswer(200, (), b"kept"))
        it.app.state.maintenance.tidy()
        # Asked as another question would, only what is still kept is in the way.
        begin = functools.partial(
            store.idempotency.begin, owner="", fingerprint="g", now=now, keep=math.inf
        )
        assert begin(key="3.1") is None
        with pytest.raises(KeyReusedError):
            begin(key="2.9")
        assert [entry.at for entry in store.audit.latest(9)] == days[1:]


async def test_jobs_outlive_servers_that_end_again_and_again(tmp_path: Path) -> None:
    brief = Settings(access_log=False)
    job, fences = "", []
    for _ in range(2 * MOST_TRIES):
        async with running(tmp_path / "s", brief) as it:
            jobs = it.workspace.store().jobs
            if not job:
                new = JobRecord(id="", kind=JobKind.EMBED, payload={})
                job = jobs.submit(new, now=time.time()).id
            while jobs.get(job).state is not JobState.QUEUED:
                it.app.state.maintenance.end_leases()
                await anyio.sleep(0.05)
            assert jobs.get(job).attempts == 0
            # A worker has it when the server ends; nobody hears of either again.
            held = jobs.lease(worker="w", kinds=[JobKind.EMBED], now=time.time() + 3, seconds=-3)
            assert held is not None
            fences.append(held.fence)
    assert fences == list(range(1, 2 * MOST_TRIES + 1))


async def test_a_damaged_row_keeps_the_quarantine_and_stops_no_other_upkeep(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "s"
    aside = path / "quarantine" / "2020-01-01" / "experts" / "mdl_00000000000000ab.safetensors"
    async with running(path, Settings(audit_days=2, access_log=False)) as it:
        store = it.workspace.store()
        with damaged(path) as raw:
            changed = "UPDATE models SET parameters = 7 WHERE name = 'efficientnet_lite1'"
            assert raw.execute(changed).rowcount == 1
        aside.parent.mkdir(parents=True)
        aside.write_bytes(b"weights")
        store.audit.append([AuditEntry(action="a", at="2020-01-01T00:00:00.000+00:00")])
        with caplog.at_level(logging.ERROR):
            it.app.state.maintenance.tidy()
        assert store.audit.latest(9) == []
    assert aside.read_bytes() == b"weights"
    assert "Nothing was removed from the quarantine" in caplog.text
