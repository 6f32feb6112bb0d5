import re

import pytest
from factories import replace

from task2vec.errors import InputError, NameTakenError, SettingError, UnknownNameError
from task2vec.messages.outcomes import StoredOutcome


def test_a_model_is_found_by_name_id_and_ref(store, task, model):
    known = store.tasks.add(*task("birds"))
    given = model("expert", task="birds", ref="file:/models/birds.safetensors?arch=resnet18")
    added = store.models.add(given)
    assert re.fullmatch(r"mdl_[0-9a-f]{16}", added.id)
    assert added == replace(given, id=added.id, created=added.created, task=known.id)
    assert [store.models.get(key) for key in (added.name, added.id, added.ref)] == [added] * 3


def test_fields_that_are_not_known_stay_so(store, model):
    given = replace(model("plain"), task=None, parameters=None, input_size=None, licence=None)
    added = store.models.add(given)
    assert store.models.get("plain") == added == replace(given, id=added.id, created=added.created)


def test_what_a_model_comes_from_is_kept_when_that_is_gone(store, task, model):
    store.tasks.add(*task("birds"))
    start = store.models.add(model("start", task="birds"))
    given = replace(model("expert"), task=None, start=start.id, lineage=("tsk_b", "tsk_a"))
    added = store.models.add(given)
    store.models.remove("start")
    assert store.models.get("expert") == added
    assert (added.start, added.lineage) == (start.id, ("tsk_b", "tsk_a"))
    assert store.models.edit("expert", name="other").lineage == added.lineage


def test_models_are_listed_by_name(store, model):
    for name in ("c", "a", "b"):
        store.models.add(model(name))
    assert [m.name for m in store.models.list()] == ["a", "b", "c"]


def test_a_name_wins_over_a_ref(store, model):
    store.models.add(model("one", ref="two"))
    two = store.models.add(model("two"))
    assert store.models.get("two") == two


@pytest.mark.parametrize(
    ("name", "ref", "message"),
    [
        pytest.param("taken", "timm:new", "name 'taken' belongs to model 'taken'", id="name"),
        pytest.param("new", "timm:taken", "ref 'timm:taken' belongs to model 'taken'", id="ref"),
    ],
)
def test_a_taken_name_or_ref_is_refused(store, model, name, ref, message):
    added = store.models.add(model("taken"))
    with pytest.raises(NameTakenError, match=message):
        store.models.add(model(name, ref=ref))
    assert store.models.list() == [added]


def test_a_taken_id_is_refused(store, model):
    added = store.models.add(model("taken"))
    with pytest.raises(NameTakenError, match=f"id '{added.id}' belongs"):
        store.models.add(replace(model("new"), id=added.id))


def test_refuses_an_unknown_task_an_unusable_name_and_no_ref(store, model):
    with pytest.raises(UnknownNameError, match="No task"):
        store.models.add(model("expert", task="nothing"))
    for name in ("", "mdl_efficientnet_lite0"):
        with pytest.raises(SettingError, match="name cannot be used"):
            store.models.add(model(name))
    with pytest.raises(SettingError, match="no ref"):
        store.models.add(replace(model("plain"), ref=""))
    assert store.models.list() == []


def test_an_unknown_model_suggests_close_names(store, model):
    store.models.add(model("resnet18"))
    with pytest.raises(UnknownNameError, match=r"No model .* 'resnet81'.*Did you mean 'resnet18'"):
        store.models.get("resnet81")


def test_removing_a_model_with_outcomes_is_refused_unless_they_go_too(store, task, model):
    store.tasks.add(*task("birds"))
    for name in ("one", "two"):
        store.models.add(model(name))
        store.outcomes.add(StoredOutcome(model=name, task="birds", accuracy=0.5, protocol="p"))
    with pytest.raises(InputError, match=r"got outcomes: 1.*--cascade"):
        store.models.remove("one")
    removed = store.models.remove("one", cascade=True)
    assert removed.name == "one"
    assert [m.name for m in store.models.list()] == ["two"]
    assert [o.model for o in store.outcomes.list()] == [store.models.get("two").id]
