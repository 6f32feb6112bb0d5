"""What workers tell is stored and shown to others: without keys, and without what hides."""

import math

import pytest
from served import NOW, lend, send

from task2vec.errors import InputError
from task2vec.jobs import leases
from task2vec.jobs.findings import Found
from task2vec.types import JobFailure, JobKind, JobProgress

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
    told = JobProgress(stage="\x1b[31mred\nforged" + "x" * 500, done=1, total=2)
    record = leases.heartbeat(served, job.id, fence=job.fence, progress=told, now=NOW)
    assert record.progress.stage.startswith("\\x1b[31mred\\nforgedxxx")
    assert len(record.progress.stage) < 250


@pytest.mark.parametrize("seconds", [-1.0, math.nan, math.inf, -math.inf])
def test_work_takes_a_time(seconds):
    with pytest.raises(InputError, match="time is none"):
        Found(seconds=seconds)


def test_warnings_are_escaped():
    assert Found(warnings=("plain", "a\x1bb")).warnings == ("plain", "a\\x1bb")


@pytest.mark.parametrize("warnings", [("x",) * 101, ("x" * 10_001,)])
def test_warnings_are_no_flood(warnings):
    with pytest.raises(InputError, match="too many or too long"):
        Found(warnings=warnings)
    assert len(Found(warnings=("x" * 10_000,) * 100).warnings) == 100
