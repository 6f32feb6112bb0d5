"""What workers tell is stored and shown to others: without keys, and without what hides."""

import math
from dataclasses import replace

import pytest
from pydantic import ValidationError
from served import NOW, embedded, end, lend, send

from task2vec.jobs import leases
from task2vec.messages.jobs import Progress
from task2vec.messages.leases import Findings
from task2vec.store.jobs.record import JobFailure
from task2vec.types import JobKind

KEY = f"t2v_0123456789ab_{'k' * 43}"


@pytest.fixture
def job(served):
    return lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})


def test_a_failure_is_stored_without_keys_and_escapes(served, job):
    failure = JobFailure(
        code="internal",
        problem=f"It failed with {KEY}",
        expected=f"no {KEY[:30]}",
        got="\x1b[31mred\nforged",
        remedy=None,
    )
    failed = leases.fail(served, job.id, fence=job.fence, failure=failure, transient=False, now=NOW)
    assert failed.error == JobFailure(
        code="internal",
        problem="It failed with [redacted]",
        expected="no [redacted]",
        got="\\x1b[31mred\\nforged",
        remedy=None,
    )


def test_a_stage_is_stored_so_that_it_can_be_shown(served, job):
    told = Progress(
        stage="\x1b[31mred\nforged" + "x" * 500,
        done=1,
        total=2,
        standard_error=math.nan,
        seconds_left=math.inf,
    )
    record = leases.heartbeat(served, job.id, fence=job.fence, progress=told, now=NOW)
    assert record.progress.stage.startswith("\\x1b[31mred\\nforgedxxx")
    assert len(record.progress.stage) < 250
    assert (record.progress.standard_error, record.progress.seconds_left) == (None, None)


@pytest.mark.parametrize("seconds", [-1.0, math.nan, math.inf, -math.inf])
def test_work_takes_a_time(seconds):
    with pytest.raises(ValidationError, match="seconds"):
        Findings(fence=1, seconds=seconds)


@pytest.mark.parametrize(
    ("warnings", "stored"),
    [
        (("plain", "a\x1bb"), ("plain", "a\\x1bb")),
        (("x" * 10_000,) * 100, ("x" * 10_000,) * 100),
        (("x",) * 101, None),
        (("x" * 10_001,), None),
    ],
    ids=["escaped", "most", "too many", "too long"],
)
def test_warnings_are_escaped_and_no_flood(served, sent, job, warnings, stored):
    ended = end(served, job, replace(embedded(sent), warnings=warnings))
    if stored is None:
        assert "too many or too long" in ended.error.problem
    else:
        assert served.store().tasks.get("pets").warnings == stored
