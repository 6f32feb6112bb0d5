"""Names are checked before the work: new ones strictly, those of stored tasks as ever."""

import pytest
import sqlalchemy as sa
from PIL import Image
from served import embed, embedded, end, lend, send

from task2vec.data.batch_sources import BatchSource
from task2vec.errors import SettingError
from task2vec.jobs import jobs
from task2vec.jobs.batches import run_batch
from task2vec.messages.batches import ItemStatus, NewBatch
from task2vec.messages.jobs import NewTuning
from task2vec.service.workspace import Workspace
from task2vec.store.sql import schema, schema_service
from task2vec.types import JobKind, JobState


def rename(served: Workspace, table: sa.Table, old: str, new: str) -> None:
    """Give a stored name that an earlier version allowed."""
    with served.store().transaction() as connection:
        connection.execute(sa.update(table).where(table.c.name == old).values(name=new))


def test_nor_is_a_data_set_of_such_a_name_fine_tuned_on_in_vain(served):
    dataset = send(served, "pets").id
    rename(served, schema_service.datasets, "pets", "job_0123456789abcdef")
    with pytest.raises(SettingError):
        jobs.submit(served, NewTuning(dataset=dataset, name="expert"))


def test_a_task_that_has_such_a_name_is_embedded_anew(served, sent):
    old = embed(served, sent, "pets", seed=1)
    rename(served, schema.tasks, "pets", "job_0123456789abcdef")
    question = {"dataset": send(served, "other").id, "name": "job_0123456789abcdef", "update": True}
    done = end(served, lend(served, JobKind.EMBED, question), embedded(sent, 2))
    assert done.state is JobState.SUCCEEDED
    assert done.result["id"] == old.result["id"]


def test_a_batch_tells_a_new_name_from_a_stored_one(served, sent, tmp_path):
    embed(served, sent, "pets", seed=1)
    rename(served, schema.tasks, "pets", "job_0123456789abcdef")
    for label in ("a", "b"):
        (tmp_path / "images" / label).mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (8, 8), (number, 0, 0)).save(
                tmp_path / "images" / label / f"{number}.png"
            )
    items = [
        BatchSource(source=tmp_path / "images", name=name)
        for name in ("job_0123456789abcdef", "job_fedcba9876543210")
    ]
    stored, new = run_batch(served, items, NewBatch(update=True), dry_run=True)
    assert stored.status is ItemStatus.PENDING
    assert new.error is not None
    assert new.error.code == "bad_setting"


def test_a_job_for_a_stored_task_of_such_a_name_is_its_own(served, sent):
    embed(served, sent, "pets", seed=1)
    rename(served, schema.tasks, "pets", "bat_0123456789abcdef")
    task = served.store().tasks.get("bat_0123456789abcdef").id
    job = lend(
        served, JobKind.FINETUNE, {"task": task, "start": "efficientnet_lite0", "name": "expert"}
    )
    assert job.payload["task"] == task
