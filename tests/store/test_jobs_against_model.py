"""The jobs of a store live as a simple model says, whatever happens in whatever order."""

import tempfile
from contextlib import nullcontext
from pathlib import Path

import pytest
from factories import progress_at
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from task2vec.errors import LeaseLostError, StateError
from task2vec.store import Store
from task2vec.store.jobs.record import JobFailure, JobRecord, shown
from task2vec.store.jobs.state_machine import MOST_LEASES
from task2vec.types import JobKind, JobState, Priority

SECONDS = 10.0
BACKOFF = {1: 2.0, 2: 20.0}
FAULT = JobFailure(code="x", problem="broken")
kinds = st.sampled_from([JobKind.EMBED, JobKind.SEARCH])
FINAL = ("succeeded", "failed", "cancelled")


def lost_unless(counts):
    return nullcontext() if counts else pytest.raises(LeaseLostError)


class Modelled:
    """A job as a person would keep it on paper."""

    def __init__(self, number, kind, priority, same_as):
        self.number, self.kind, self.priority, self.same_as = number, kind, priority, same_as
        self.state, self.attempts, self.fence = "queued", 0, 0
        self.until, self.wait, self.quarantined = None, 0.0, False
        self.worker = None
        self.progress = ("", 0)
        self.events = 1

    def turn(self, state, wait=None):
        self.state = state
        self.events += 1
        if state == "queued":
            self.wait = wait
        if state in ("queued", *FINAL):
            self.until = self.worker = None

    def end_try(self, transient, now):
        if self.state == "cancelling":
            self.turn("cancelled")
        elif transient and self.attempts < 3:
            self.progress = ("", 0)
            self.turn("queued", now + BACKOFF[self.attempts])
        else:
            self.quarantined = transient
            self.turn("failed")

    def give_back(self, now):
        if self.state == "cancelling":
            self.turn("cancelled")
            return
        self.attempts -= 1
        self.progress = ("", 0)
        self.turn("queued", now)

    def interrupt(self, now):
        if self.state == "cancelling":
            self.turn("cancelled")
            return
        self.attempts -= 1
        if self.fence < MOST_LEASES:
            self.progress = ("", 0)
            self.turn("queued", now + BACKOFF[1])
        else:
            self.quarantined = True
            self.turn("failed")


class Machine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.store = Store.open(Path(self.directory.name))
        self.now = 1000.0
        self.jobs = {}  # id: Modelled
        self.inherited = frozenset()  # the leases as the last restart found them
        self.held = []  # (id, fence) of every lease there ever was, stale ones too

    def teardown(self):
        self.store.close()
        self.directory.cleanup()

    def some_job(self, data):
        return data.draw(st.sampled_from(sorted(self.jobs, key=lambda id_: self.jobs[id_].number)))

    def some_lease(self, data):
        """A lease, its job, and whether it counts or a worker merely believes in it."""
        id_, fence = data.draw(st.sampled_from(self.held))
        job = self.jobs[id_]
        counts = job.fence == fence and job.state in ("running", "cancelling")
        return id_, fence, job, counts

    # Few jobs, so that each is lent again and again and old leases come back.
    @precondition(lambda self: len(self.jobs) < 4)
    @rule(kind=kinds, priority=st.sampled_from(Priority), same_as=st.sampled_from([None, "a", "b"]))
    def submit(self, kind, priority, same_as):
        twin = next(
            (
                id_
                for id_, job in self.jobs.items()
                if same_as is not None
                and job.same_as == same_as
                and job.state in ("queued", "running")
            ),
            None,
        )
        # The store takes the first under way, and leaves it alone when it is being given up.
        cancelling = any(
            j.same_as == same_as and j.state == "cancelling" for j in self.jobs.values()
        )
        if same_as is not None and cancelling:
            return
        wanted = JobRecord(id="", kind=kind, payload={}, priority=priority, same_as=same_as)
        stored = self.store.jobs.submit(wanted, now=self.now)
        if twin is not None:
            assert stored.id == twin
            job = self.jobs[twin]
            if priority.rank > job.priority.rank:
                job.priority = priority
                job.events += 1
        else:
            assert stored.id not in self.jobs
            self.jobs[stored.id] = Modelled(len(self.jobs), kind, priority, same_as)

    @rule(worker=st.sampled_from("pqr"), wanted=st.sets(kinds, min_size=1))
    def lease(self, worker, wanted):
        ready = [
            (-job.priority.rank, job.number, id_)
            for id_, job in self.jobs.items()
            if job.state == "queued" and job.kind in wanted and job.wait <= self.now
        ]
        lent = self.store.jobs.lease(worker=worker, kinds=wanted, now=self.now, seconds=SECONDS)
        if not ready:
            assert lent is None
            return
        id_ = min(ready)[2]
        assert lent is not None
        assert (lent.id, lent.worker) == (id_, worker)
        job = self.jobs[id_]
        job.attempts += 1
        job.fence += 1
        job.progress = ("", 0)
        job.turn("running")
        job.until, job.worker = self.now + SECONDS, worker
        self.held.append((id_, lent.fence))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), stage=st.sampled_from("xy"), done=st.integers(0, 3))
    def heartbeat(self, data, stage, done):
        id_, fence, job, counts = self.some_lease(data)
        progress = progress_at(stage, done, 3)
        with lost_unless(counts):
            stored = self.store.jobs.heartbeat(
                id_, fence=fence, progress=progress, now=self.now, seconds=SECONDS
            )
        if not counts:
            return
        if stage != job.progress[0] or done > job.progress[1]:
            job.progress = (stage, done)
            job.until = self.now + SECONDS
            job.events += 1
        assert stored.lease_until == job.until
        assert (stored.state is JobState.CANCELLING) == (job.state == "cancelling")

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def complete(self, data):
        id_, fence, job, counts = self.some_lease(data)
        again = job.fence == fence and job.state in ("succeeded", "cancelled")
        with lost_unless(counts or again):
            ended = self.store.jobs.complete(id_, fence=fence, result={"n": fence}, now=self.now)
        if counts:
            if job.state == "running" and job.progress[0]:
                job.progress = (job.progress[0], 3)
            job.turn("succeeded" if job.state == "running" else "cancelled")
            assert ended.result == ({"n": fence} if job.state == "succeeded" else None)
        elif again:
            assert ended.state.value == job.state

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def advance(self, data):
        id_, fence, job, counts = self.some_lease(data)
        if not counts or job.state != "running":
            return
        jobs, payload = self.store.jobs, {"step": fence}
        with self.store.transaction() as connection:
            held = jobs.under_lease_within(connection, id_, fence=fence)
            jobs.advance_within(connection, held, payload=payload, now=self.now)
        job.attempts, job.progress = 0, ("", 0)
        job.turn("queued", self.now)
        assert jobs.get(id_).payload == payload

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from(["transient", "final", "release", "interrupt"]))
    def end_try(self, data, how):
        id_, fence, job, counts = self.some_lease(data)
        given = {"fence": fence, "now": self.now}
        with lost_unless(counts):
            if how in ("transient", "final"):
                transient = how == "transient"
                self.store.jobs.fail(id_, failure=FAULT, transient=transient, **given)
            elif how == "release":
                self.store.jobs.release(id_, **given)
            else:
                self.store.jobs.interrupt(id_, **given)
        if counts:
            match how:
                case "release":
                    job.give_back(self.now)
                case "interrupt":
                    job.interrupt(self.now)
                case _:
                    job.end_try(how == "transient", self.now)

    @rule(worker=st.sampled_from("pqr"), counts=st.booleans())
    def end_worker(self, worker, counts):
        own = [id_ for id_, job in self.jobs.items() if job.worker == worker]
        ended = self.store.jobs.end_worker(worker, now=self.now, counts=counts)
        assert [job.id for job in ended] == own
        for id_ in own:
            if counts:
                self.jobs[id_].end_try(True, self.now)
            else:
                self.jobs[id_].give_back(self.now)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def cancel(self, data):
        id_ = self.some_job(data)
        job = self.jobs[id_]
        if job.state in FINAL:
            with pytest.raises(StateError):
                self.store.jobs.cancel(id_, now=self.now)
            return
        self.store.jobs.cancel(id_, now=self.now)
        if job.state == "queued":
            job.turn("cancelled")
        elif job.state == "running":
            job.turn("cancelling")

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def retry(self, data):
        id_ = self.some_job(data)
        job = self.jobs[id_]
        twins = [
            other
            for other in self.jobs.values()
            if job.same_as and other.same_as == job.same_as and other.state not in FINAL
        ]
        if job.state not in ("failed", "cancelled") or twins:
            with pytest.raises(StateError):
                self.store.jobs.retry(id_, now=self.now)
            return
        self.store.jobs.retry(id_, now=self.now)
        job.attempts, job.quarantined, job.progress = 0, False, ("", 0)
        job.turn("queued", self.now)

    @rule(seconds=st.sampled_from([0.5, 3.0, 11.0, 30.0]))
    def let_time_pass(self, seconds):
        self.now += seconds

    @rule()
    def expire(self):
        over = {
            id_
            for id_, job in self.jobs.items()
            if job.state in ("running", "cancelling") and job.until < self.now
        }
        # Those of an earlier server of which nothing was heard since.
        untouched = {
            id_
            for id_ in over
            if (id_, self.jobs[id_].fence, self.jobs[id_].until) in self.inherited
        }
        ended = self.store.jobs.expire(now=self.now, seconds=SECONDS, inherited=self.inherited)
        assert {job.id for job in ended} == over
        for id_ in over - untouched:
            self.jobs[id_].end_try(True, self.now)
        for id_ in untouched:
            self.jobs[id_].interrupt(self.now)

    @rule()
    def restart(self):
        self.store.close()
        self.store = Store.open(Path(self.directory.name), create=False)
        self.inherited = self.store.jobs.held()
        assert self.inherited == {
            (id_, job.fence, job.until)
            for id_, job in self.jobs.items()
            if job.state in ("running", "cancelling")
        }

    @invariant()
    def agrees(self):
        stored, end = self.store.jobs.list_page(limit=1000)
        assert end is None
        newest_first = sorted(self.jobs, key=lambda id_: -self.jobs[id_].number)
        assert [job.id for job in stored] == newest_first
        for found in stored:
            job = self.jobs[found.id]
            assert (found.state.value, found.attempts, found.fence) == (
                job.state,
                job.attempts,
                job.fence,
            )
            assert (found.lease_until, found.quarantined) == (job.until, job.quarantined)
            assert (found.priority, found.worker) == (job.priority, job.worker)
            assert (found.progress.stage, found.progress.done) == job.progress
            assert (found.finished is not None) == (job.state in FINAL)
            assert found.attempts <= 3
            events = self.store.jobs.events_after(found.id)
            assert len(events) == job.events
            assert [e.id for e in events] == sorted({e.id for e in events})
            # The last event is the job as it is: a follower misses nothing.
            assert events[-1].job == shown(self.store.jobs.get(found.id))
        under_way = [j.same_as for j in self.jobs.values() if j.same_as and j.state not in FINAL]
        assert len(under_way) == len(set(under_way))


def test_jobs_live_as_the_model_says():
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=12, stateful_step_count=40, deadline=None)
    )
