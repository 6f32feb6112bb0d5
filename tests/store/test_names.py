"""Names of an earlier version, which could be taken for ids, go on working."""

import pytest
import sqlalchemy as sa

from task2vec.errors import SettingError
from task2vec.store.sql import schema


def rename(store, table, old, new):
    """Give a stored name that an earlier version allowed."""
    with store.transaction() as connection:
        connection.execute(sa.update(table).where(table.c.name == old).values(name=new))


@pytest.mark.parametrize("name", ["tsk_0123456789abcdef", "..", "job_0123456789abcdef"])
def test_no_task_gets_a_name_that_could_be_an_id(store, task, name):
    with pytest.raises(SettingError):
        store.tasks.add(*task(name))
    with pytest.raises(SettingError):
        store.tasks.add(*task(name), replace=True)
    store.tasks.add(*task("a"))
    with pytest.raises(SettingError):
        store.tasks.edit("a", name=name)
    assert [record.name for record in store.tasks.list()] == ["a"]


def test_no_model_gets_the_id_of_another(store, model):
    store.models.add(model("a"))
    with pytest.raises(SettingError):
        store.models.add(model("mdl_efficientnet_lite0"))
    with pytest.raises(SettingError):
        store.models.edit("a", name="mdl_efficientnet_lite0")
    assert [record.name for record in store.models.list()] == ["a"]


def test_a_task_that_has_such_a_name_is_replaced_and_edited(store, task):
    store.tasks.add(*task("a"))
    rename(store, schema.tasks, "a", "job_0123456789abcdef")
    old = store.tasks.get("job_0123456789abcdef")
    assert store.tasks.add(*task("job_0123456789abcdef", seed=1), replace=True).id == old.id
    assert store.tasks.edit("job_0123456789abcdef", tags=["new"]).tags == ("new",)
    assert store.tasks.edit("job_0123456789abcdef", name="b").name == "b"


def test_a_model_that_has_such_a_name_is_edited(store, model):
    store.models.add(model("a"))
    rename(store, schema.models, "a", "mdl_a")
    assert store.models.edit("mdl_a", licence="MIT").licence == "MIT"
