"""Answers that are kept for repeated requests, and the audit log."""

from contextvars import Context
from pathlib import Path

import pytest

from task2vec.errors import KeyReusedError, StateError, StoreFullError, UnknownNameError
from task2vec.store.sql.idempotency import StoredAnswer
from task2vec.store.sql.requests import for_request
from task2vec.store.store import Store
from task2vec.store.tables.audit import AuditEntry

ANSWER = StoredAnswer(202, (("location", "/v1/jobs/1"), ("x", "ü")), b"\x00body")


def begin(store: Store, *, now: float = 100.0, fingerprint: str = "f", owner: str = "o") -> object:
    return store.idempotency.begin(
        owner=owner, key="k", fingerprint=fingerprint, now=now, keep=50.0
    )


def test_the_life_of_a_key(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        assert begin(store) is None
        with pytest.raises(StateError):
            begin(store)
        with pytest.raises(KeyReusedError):
            begin(store, fingerprint="g")
        assert begin(store, owner="other", fingerprint="g") is None
        store.idempotency.finish(owner="o", key="k", answer=ANSWER)
    with Store.open(tmp_path) as store:
        assert begin(store, now=150.0) == ANSWER
        with pytest.raises(KeyReusedError):
            begin(store, fingerprint="g")
        assert begin(store, now=150.1, fingerprint="g") is None, "its time is over"


def test_a_request_that_came_to_nothing_frees_its_key_and_an_answered_one_does_not(
    tmp_path: Path,
) -> None:
    with Store.open(tmp_path) as store:
        begin(store)
        store.idempotency.abandon(owner="o", key="k")
        assert begin(store, fingerprint="g") is None
        store.idempotency.finish(owner="o", key="k", answer=ANSWER)
        store.idempotency.abandon(owner="o", key="k")
        assert begin(store, fingerprint="g") == ANSWER


@pytest.mark.parametrize("all_of_them", [False, True])
def test_a_request_that_broke_off_is_repeated_only_if_it_left_no_trace(
    tmp_path: Path, all_of_them: bool
) -> None:
    with Store.open(tmp_path) as store:
        answers = store.idempotency
        for owner in ("read", "wrote", "undone", "answered"):
            begin(store, owner=owner)
        with for_request("wrote", "k"):
            store.audit.append([AuditEntry(action="an effect")])
        with for_request("undone", "k"), pytest.raises(UnknownNameError):
            store.tasks.remove("nobody")
        with for_request("answered", "k"):
            answers.finish(owner="answered", key="k", answer=ANSWER)

        for owner in ("read", "wrote", "undone", "answered"):
            if not all_of_them:
                answers.interrupt(owner=owner, key="k")
        if all_of_them:
            answers.interrupt_all()

        assert begin(store, owner="read") is None
        assert begin(store, owner="undone") is None
        assert begin(store, owner="answered") == ANSWER
        with pytest.raises(StateError, match="broke off"):
            begin(store, owner="wrote")
        answers.abandon(owner="wrote", key="k")
        with pytest.raises(StateError, match="broke off"):
            begin(store, owner="wrote")
        assert answers.prune(150.0) == 2, "the answer and the one that broke off"
        assert begin(store, owner="wrote") is None


def test_a_request_that_was_given_up_writes_nothing_any_more(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        begin(store)
        with for_request("o", "k"):
            # The server ends while a thread is still about to write.
            Context().run(store.idempotency.interrupt, owner="o", key="k")
            with pytest.raises(StateError, match="given up"):
                store.audit.append([AuditEntry(action="late")])
        assert store.audit.latest(9) == []
        store.audit.append([AuditEntry(action="of another request")])


def test_old_answers_go_and_requests_at_work_stay(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        begin(store, now=100.0, owner="at work")
        for owner, now in (("old", 100.0), ("new", 200.0)):
            begin(store, now=now, owner=owner)
            store.idempotency.finish(owner=owner, key="k", answer=ANSWER)
        assert store.idempotency.prune(150.0) == 1
        assert begin(store, now=210.0, owner="new") == ANSWER
        with pytest.raises(StateError):
            begin(store, now=110.0, owner="at work")


def test_the_audit_log_is_read_newest_first_and_pruned_from_its_old_end(tmp_path: Path) -> None:
    entries = [
        AuditEntry(action=f"do {n}", key="key_1", status=200, at=f"2026-11-2{n}T00:00:00.000+00:00")
        for n in range(1, 6)
    ]
    with Store.open(tmp_path) as store:
        store.audit.append([])
        store.audit.append(entries[:2])
        store.audit.append(entries[2:])
        assert store.audit.latest(3) == [entries[4], entries[3], entries[2]]
        assert store.audit.prune("2026-11-24T00:00:00.000+00:00") == 3
        assert store.audit.latest(9) == [entries[4], entries[3]]


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.audit.append([AuditEntry(action="before")])
        with store.transaction() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            # The writing connection is kept: it finds the disk full from here on.
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        filler = [AuditEntry(action="x" * 5000) for _ in range(50)]
        with pytest.raises(StoreFullError):
            store.audit.append(filler)
        assert [entry.action for entry in store.audit.latest(9)] == ["before"]
        with store.transaction() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 4294967294")
        store.audit.append(filler)
        assert len(store.audit.latest(99)) == 51
