"""What somebody else does between the look at a question and the write it leads to."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from served import NOW, asking, send

from task2vec.errors import UnknownNameError
from task2vec.jobs import batches, jobs
from task2vec.messages.base import Question
from task2vec.messages.batches import NewBatch, NewItem
from task2vec.messages.datasets import StoredDataset
from task2vec.service.datasets import datasets
from task2vec.service.datasets.datasets import remove_dataset
from task2vec.service.workspace import Workspace
from task2vec.types import JobKind

AT_ONCE = 4


def then(function: Callable[..., Any], do: Callable[[], Any]) -> Callable[..., Any]:
    """Return a function after whose first call something else is done."""
    todo = [do]

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        if todo:
            todo.pop()()
        return found

    return wrapped


def then_wait(function: Callable[..., Any], barrier: Barrier) -> Callable[..., Any]:
    """Return a function that returns once all others have come as far."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        barrier.wait()
        return found

    return wrapped


def files(served: Workspace) -> list[str]:
    return [f"datasets/{path.name}" for path in (served.path / "datasets").iterdir()]


def question(kind: JobKind, dataset: StoredDataset, other: StoredDataset) -> Question:
    if kind is JobKind.DISTANCES:
        return asking(kind, source={"dataset": other.id}, target={"dataset": dataset.id})
    return asking(kind, dataset=dataset.id)


@pytest.mark.parametrize("kind", [JobKind.EMBED, JobKind.SEARCH, JobKind.DISTANCES])
def test_a_question_about_a_data_set_that_goes_is_refused(
    served: Workspace, monkeypatch: pytest.MonkeyPatch, kind: JobKind
) -> None:
    dataset, other = send(served, "pets", seed=1), send(served, "birds", seed=2)
    remove = then(jobs.job_for, lambda: remove_dataset(served, dataset.id))
    monkeypatch.setattr(jobs, "job_for", remove)

    with pytest.raises(UnknownNameError, match=dataset.id):
        jobs.submit(served, question(kind, dataset, other), now=NOW)

    assert served.store().jobs.list_page()[0] == ()


def test_an_item_whose_data_set_goes_fails_alone(
    served: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, gone, last = (send(served, name, seed=i) for i, name in enumerate("abc"))
    remove = then(batches.job_for, lambda: remove_dataset(served, gone.id))
    wanted = tuple(NewItem(dataset=dataset.id) for dataset in (gone, first, gone, last))
    monkeypatch.setattr(batches, "job_for", remove)

    batch = batches.create(served, NewBatch(items=wanted), now=NOW)

    items = served.store().batches.items(batch.id)[0]
    assert [item.status.value for item in items] == ["failed", "pending", "failed", "pending"]
    assert {item.error.code for item in items if item.error is not None} == {"unknown_name"}
    assert [job.dataset for job in served.store().jobs.list_page()[0]] == [last.id, first.id]


def test_the_same_bytes_at_the_same_time_are_one_data_set(
    served: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_looked = Barrier(AT_ONCE, timeout=30)
    monkeypatch.setattr(Workspace, "parse", then_wait(Workspace.parse, all_looked))

    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(lambda _: send(served, "pets"), range(AT_ONCE)))

    (listed,) = datasets.list_datasets(served, limit=10).items
    assert {record.id for record in found} == {listed.id}
    assert files(served) == [listed.file]


def test_the_same_bytes_at_the_same_time_put_back_what_vanished(
    served: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first: list[StoredDataset] = []

    def sent_by_another() -> None:
        first.append(send(served, "pets"))
        (served.path / first[0].file).unlink()

    monkeypatch.setattr(Workspace, "parse", then(Workspace.parse, sent_by_another))

    assert send(served, "pets").id == first[0].id
    assert files(served) == [first[0].file]
