"""Renaming, tagging, and reading page by page."""

import pytest
import sqlalchemy as sa
from factories import replace

from task2vec.errors import ChangedError, NameTakenError, SettingError, UnknownNameError
from task2vec.messages.outcomes import OutcomeFilter, StoredOutcome
from task2vec.messages.tasks import TaskListing
from task2vec.store import Store
from task2vec.store.sql import schema
from task2vec.store.tasks.updates import ChangeKind


def test_an_edit_changes_what_it_names_and_nothing_else(store: Store, task) -> None:
    record, embedding = task("birds", tags=("a",))
    stored = store.tasks.add(record, embedding, thumbnail=b"png")
    number = store.tasks.last_change()

    renamed = store.tasks.edit("birds", name="Vögel")
    tagged = store.tasks.edit(stored.id, tags=["b", "c", "b"])

    assert renamed == replace(stored, name="Vögel")
    assert tagged == replace(stored, name="Vögel", tags=("b", "c"))
    assert store.tasks.get("Vögel") == tagged
    assert store.tasks.embedding("Vögel").values.tobytes() == embedding.values.tobytes()
    assert store.tasks.thumbnail("Vögel") == b"png"
    assert [(c.task, c.kind) for c in store.tasks.changes_since(number)] == [
        (stored.id, ChangeKind.REPLACED)
    ] * 2
    with pytest.raises(UnknownNameError):
        store.tasks.get("birds")


def test_an_edit_that_changes_nothing_is_no_change(store: Store, task) -> None:
    record = store.tasks.add(*task("birds", tags=("a",)))
    number = store.tasks.last_change()
    assert store.tasks.edit("birds", name="birds", tags=["a"]) == record
    assert store.tasks.edit("birds") == record
    assert store.tasks.last_change() == number


def test_what_cannot_be_is_refused_and_changes_nothing(store: Store, task) -> None:
    record = store.tasks.add(*task("birds"))
    store.tasks.add(*task("fish"))
    with pytest.raises(NameTakenError):
        store.tasks.edit("birds", name="fish")
    for name in ("", " x", "a\nb", "..", "tsk_0123456789abcdef"):
        with pytest.raises(SettingError):
            store.tasks.edit("birds", name=name)
    with pytest.raises(UnknownNameError, match="birds"):
        store.tasks.edit("bird", name="x")
    assert store.tasks.get("birds") == record


def test_a_check_sees_the_record_before_and_can_stop_it(store: Store, task, model) -> None:
    record = store.tasks.add(*task("birds"))
    added = store.models.add(model("resnet18"))

    def stop(seen: object) -> None:
        assert seen in (record, added)
        raise ChangedError("changed")

    with pytest.raises(ChangedError):
        store.tasks.edit("birds", name="x", check=stop)
    with pytest.raises(ChangedError):
        store.tasks.remove("birds", check=stop)
    with pytest.raises(ChangedError):
        store.models.edit("resnet18", name="x", check=stop)
    with pytest.raises(ChangedError):
        store.models.remove("resnet18", check=stop)
    assert store.tasks.get("birds") == record
    assert store.models.get("resnet18") == added


def test_a_model_is_renamed_and_its_licence_stated(store: Store, model) -> None:
    added = store.models.add(model("resnet18"))
    store.models.add(model("other"))

    edited = store.models.edit("resnet18", name="mine", licence="MIT")

    assert edited == replace(added, name="mine", licence="MIT")
    assert store.models.get(added.id) == edited
    assert store.models.edit("mine", name="mine") == edited
    with pytest.raises(NameTakenError, match="The name 'other'"):
        store.models.edit("mine", name="other")
    for name in ("a\tb", "mdl_efficientnet_lite0"):
        with pytest.raises(SettingError):
            store.models.edit("mine", name=name)
    assert store.models.get("mine") == edited


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_pages_of_tasks_together_are_the_list(store: Store, task, size: int) -> None:
    tags = [("a",), ("ab", "x"), ("A",), ('a"', "b"), (), ("ä", "a")]
    for number, own in enumerate(tags):
        probe = "tiny" if number % 2 else "other"
        store.tasks.add(*task(f"task {number}", seed=number, tags=own, probe_name=probe))

    for filters in ({}, {"tag": "a"}, {"tag": "ä"}, {"tag": 'a"'}, {"tag": "?"}, {"probe": "tiny"}):
        found, after = [], None
        while page := store.tasks.page(TaskListing(**filters), limit=size, after=after):
            assert len(page) <= size
            found += page
            after = page[-1].name
        assert found == store.tasks.list(TaskListing(**filters))


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_pages_of_outcomes_together_are_the_list(store: Store, task, model, size: int) -> None:
    tasks = [store.tasks.add(*task(name)) for name in ("birds", "fish")]
    models = [store.models.add(model(name)) for name in ("m", "n")]
    for number in range(5):
        store.outcomes.add(
            StoredOutcome(
                model=models[number % 2].name,
                task=tasks[number % 3 % 2].name,
                accuracy=number / 10,
                protocol="pq"[number % 2],
            )
        )

    for filters in (
        {},
        {"model": "m"},
        {"task": "fish"},
        {"model": "n", "task": "birds"},
        {"protocol": "q"},
        {"created": store.outcomes.list()[2].created},
    ):
        question = OutcomeFilter(**filters)
        assert store.outcomes.list(question)
        found, after = [], 0
        while after is not None:
            page, after = store.outcomes.page(question, limit=size, after=after)
            assert len(page) <= size
            found += page
        assert [outcome for outcome, _, _ in found] == store.outcomes.list(question)
        names = {record.id: record.name for record in (*tasks, *models)}
        assert all((names[o.model], names[o.task]) == (m, t) for o, m, t in found)
        assert store.outcomes.page(question) == (found, None)
    with pytest.raises(UnknownNameError):
        store.outcomes.page(OutcomeFilter(model="nothing"), limit=1)


def rename(store, table, old, new):
    """Give a stored name that an earlier version allowed, and that could be taken for an id."""
    with store.transaction() as connection:
        connection.execute(sa.update(table).where(table.c.name == old).values(name=new))


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
