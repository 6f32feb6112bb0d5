"""What only a server has: jobs and data sets; the same from both of its clients."""

from pathlib import Path
from typing import Any

import pytest
from small_store import cut

from task2vec import Client
from task2vec.errors import JobCancelledError, StateError, UnknownNameError
from task2vec.messages.jobs import Progress
from task2vec.messages.tasks import Task
from task2vec.types import JobState


@pytest.fixture
def source(tmp_path: Path, fresh: str) -> Path:
    return cut("emoji_food", tmp_path / fresh, classes=2, images=3)


def test_a_job_is_followed_to_its_task(remote: Any, source: Path, fresh: str) -> None:
    job = remote.embed(source, images=6, wait=False)
    assert job.name == fresh
    done = remote.jobs.wait(job)
    assert done.state is JobState.SUCCEEDED
    assert Task.model_validate(done.result).id == remote.tasks.get(fresh).id
    assert remote.jobs.get(job.id) == done
    events = list(remote.jobs.events(job.id))
    ids = [event.id for event in events]
    assert ids == sorted(set(ids))
    assert events[-1].job.state is JobState.SUCCEEDED
    assert [event.id for event in remote.jobs.events(job.id, after=ids[-2])] == ids[-1:]
    assert job.id in {each.id for each in remote.jobs.list(state="succeeded", kind="embed")}
    for refused in (remote.jobs.cancel, remote.jobs.retry):
        with pytest.raises(StateError):
            refused(job.id)
    assert list(remote.jobs.events(done)) == events
    assert remote.jobs.get(job) == done
    for refused in (remote.jobs.cancel, remote.jobs.retry):
        with pytest.raises(StateError):
            refused(job)
    remote.tasks.remove(fresh)


def test_a_cancelled_job_can_be_done_again(remote: Any, source: Path, fresh: str) -> None:
    job = remote.embed(source, images=6, wait=False)
    assert remote.jobs.cancel(job.id).state in (JobState.CANCELLED, JobState.CANCELLING)
    with pytest.raises(JobCancelledError) as caught:
        remote.jobs.wait(job.id)
    assert caught.value.job.id == job.id
    again = remote.jobs.retry(job.id)
    assert remote.jobs.wait(again).result["name"] == fresh
    remote.tasks.remove(fresh)


def test_data_sets_are_sent_once(remote: Any, source: Path, fresh: str) -> None:
    told: list[Progress] = []
    first = remote.datasets.upload(source, progress=told.append)
    assert (first.name, first.images, first.classes) == (fresh, 6, 2)
    assert told[-1].done == told[-1].total == first.bytes
    told.clear()
    assert remote.datasets.upload(source, progress=told.append).id == first.id
    assert told == []
    same = list(remote.datasets.list(sha256=first.sha256))
    assert {each.sha256 for each in same} == {first.sha256}
    assert [each.id for each in same if each.name == fresh] == [first.id]
    assert remote.datasets.get(first.id) == first
    assert remote.datasets.get(first) == first
    assert remote.datasets.remove(first) == first
    with pytest.raises(UnknownNameError):
        remote.datasets.get(first.id)


def test_many_tasks_come_page_by_page(
    remote: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client(url) as client:
        whole = list(client.tasks.list())
    monkeypatch.setattr("task2vec.client.backend.PAGE_SIZE", 2)
    assert list(remote.tasks.list()) == whole
    assert len(whole) >= 4
    assert next(iter(remote.tasks.list())) == whole[0]
    assert list(remote.tasks.list(page_size=3)) == whole


def test_a_task_whose_images_are_not_there_is_recommended_for_all_the_same(remote: Any) -> None:
    found = remote.recommend("emoji_food", architecture="tf_efficientnet_lite*")

    assert found.images_missing
    (told,) = [warning for warning in found.warnings if "No model was measured" in warning]
    assert "The images of task 'emoji_food' are not on this server" in told
    bring = "`task2vec embed FOLDER --name emoji_food --update --url URL`, where FOLDER is where"
    assert bring in told
