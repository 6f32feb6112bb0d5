"""What every client does with the records of a store: tasks, models, outcomes."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_store import TASKS

from task2vec import load_embedding
from task2vec.errors import (
    InputError,
    NameTakenError,
    SettingError,
    StateError,
    UnknownNameError,
)
from task2vec.messages.keys import KeyAccess
from task2vec.messages.outcomes import NewOutcome
from task2vec.types import Scope


def test_the_tasks_of_a_store_are_listed(client: Any, reference: Any) -> None:
    found = [task for task in client.tasks.list() if task.name in TASKS]

    assert found == list(reference.tasks.list())
    assert list(client.tasks.list(tag="nosuch")) == []
    assert list(client.tasks.list(probe="resnet18")) == []


def test_a_task_is_told_by_name_and_by_id(client: Any, reference: Any) -> None:
    by_name = client.tasks.get("greek_capitals")
    known = reference.tasks.get("greek_capitals")

    assert client.tasks.get(by_name.id) == by_name
    assert by_name.model_dump(exclude={"source"}) == known.model_dump(exclude={"source"})


@pytest.mark.parametrize("call", ["get", "embedding", "remove", "edit"])
def test_an_unknown_name_comes_with_close_ones(client: Any, call: str) -> None:
    with pytest.raises(UnknownNameError, match="emoji_food") as caught:
        getattr(client.tasks, call)("emoji_fod")
    assert "emoji_fod'" in caught.value.problem


def test_the_embedding_is_shown_by_layer(client: Any, reference: Any) -> None:
    found = client.tasks.layers("fashion_tops")
    details = client.tasks.get("fashion_tops")
    values = reference.tasks.embedding("fashion_tops").values.astype(float)
    logs = np.log(values + details.space.prior_precision)

    assert (found.id, found.name, found.space) == (details.id, details.name, details.space)
    assert sum(layer.elements for layer in found.layers) == logs.size
    first, last = found.layers[0], found.layers[-1]
    assert first.mean == pytest.approx(logs[: first.elements].mean())
    assert last.mean == pytest.approx(logs[-last.elements :].mean())
    assert last.low == pytest.approx(np.quantile(logs[-last.elements :], 0.1))
    assert last.high == pytest.approx(np.quantile(logs[-last.elements :], 0.9))


def test_the_pictures_of_a_task_stand_in_rows_by_class(client: Any) -> None:
    details, found = client.tasks.get("emoji_food"), client.tasks.pictures("emoji_food")
    assert [each.name for each in found.classes] == list(details.provenance.class_names)
    assert {each.pictures for each in found.classes} == {found.columns} == {4}
    with Image.open(BytesIO(client.tasks.picture_sheet("emoji_food"))) as sheet:
        assert sheet.format == "JPEG"
        assert sheet.size == (4 * found.side, len(found.classes) * found.side)


def test_a_task_that_was_imported_has_no_pictures(client: Any, task: Any) -> None:
    found = client.tasks.pictures(task)
    assert (found.name, found.columns, found.classes) == (task.name, 0, ())
    assert client.tasks.layers(task).layers == client.tasks.layers("emoji_food").layers
    with pytest.raises(UnknownNameError, match="has no pictures"):
        client.tasks.picture_sheet(task)


def test_an_embedding_is_the_same_to_the_last_bit(
    client: Any, reference: Any, tmp_path: Path
) -> None:
    expected = reference.tasks.embedding("fashion_tops")
    found = client.tasks.embedding("fashion_tops")
    exported = client.tasks.export("fashion_tops", tmp_path / "a.npz")
    name, read = load_embedding(tmp_path / "a.npz")

    for embedding in (found, read):
        assert embedding.provenance == expected.provenance
        for part in ("values", "errors", "replicates"):
            np.testing.assert_array_equal(getattr(embedding, part), getattr(expected, part))
    assert name == exported.name == "fashion_tops"


def test_an_export_that_cannot_be_written_is_told(client: Any, tmp_path: Path) -> None:
    for target in (tmp_path / "a.txt", tmp_path / "nowhere" / "a.npz"):
        with pytest.raises(InputError):
            client.tasks.export("fashion_tops", target)


def test_an_embedding_comes_in_again(client: Any, task: Any, fresh: str, tmp_path: Path) -> None:
    assert (task.name, task.tags) == (fresh, ("own",))
    assert client.tasks.embedding(fresh).values.tolist() == (
        client.tasks.embedding("emoji_food").values.tolist()
    )
    with pytest.raises(NameTakenError, match=fresh) as taken:
        client.tasks.import_embedding(tmp_path / "own.npz", name=fresh)
    assert str(taken.value) == str(NameTakenError.of_task(fresh))
    again = client.tasks.import_embedding(
        client.tasks.embedding("greek_capitals"), name=fresh, update=True
    )
    assert again.id == task.id
    assert again.complexity == client.tasks.get("greek_capitals").complexity


def test_what_is_no_embedding_is_refused(client: Any, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"nothing")
    with pytest.raises(InputError):
        client.tasks.import_embedding(tmp_path / "a.npz", name="x")
    with pytest.raises(InputError, match="name"):
        client.tasks.import_embedding(client.tasks.embedding("emoji_food"))


def test_a_task_is_renamed_and_tagged(client: Any, task: Any, fresh: str) -> None:
    tagged = client.tasks.edit(fresh, tags=["b", "a"])
    assert (tagged.name, tagged.tags) == (fresh, ("b", "a"))
    assert client.tasks.edit(fresh).tags == ("b", "a")
    assert [found.id for found in client.tasks.list(tag="b")] == [task.id]
    with pytest.raises(NameTakenError):
        client.tasks.edit(fresh, name="emoji_food")
    with pytest.raises(SettingError):
        client.tasks.edit(fresh, name="")
    renamed = client.tasks.edit(task.id, name=fresh + "2")
    assert client.tasks.remove(renamed.name) == renamed
    with pytest.raises(UnknownNameError):
        client.tasks.get(task.id)


@pytest.mark.parametrize("odd", ["{}/b", "{}/../embedding", "ä/{}?c#d"])
def test_a_task_is_found_by_a_name_that_no_path_can_hold(
    client: Any, task: Any, fresh: str, odd: str, tmp_path: Path
) -> None:
    name = odd.format(fresh)
    with pytest.raises(UnknownNameError):
        client.tasks.get(name)
    client.tasks.edit(fresh, name=name)

    assert client.tasks.get(name).id == task.id
    assert client.tasks.embedding(name).values.size > 0
    assert client.tasks.export(name, tmp_path / "again.npz").id == task.id
    assert client.tasks.edit(name, tags=["odd"]).tags == ("odd",)
    assert client.search(name, k=1).task == name
    assert client.distance(name, "emoji_food").symmetric == 0
    assert client.tasks.remove(name).id == task.id
    with pytest.raises(UnknownNameError):
        client.tasks.get(name)


def test_a_model_is_found_by_a_name_that_no_path_can_hold(
    client: Any, task: Any, fresh: str
) -> None:
    client.models.add("timm:resnet18.a1_in1k", name=f"{fresh}/b", task=fresh)

    assert client.models.get(f"{fresh}/b").name == f"{fresh}/b"
    client.models.remove(f"{fresh}/b")
    with pytest.raises(UnknownNameError):
        client.models.get(f"{fresh}/b")


def test_models_come_and_go(client: Any, task: Any, fresh: str) -> None:
    before = {model.name for model in client.models.list()}
    added = client.models.add("timm:resnet18.a1_in1k", name=fresh, task=task.name)
    assert (added.name, added.task, added.architecture) == (fresh, task.id, "resnet18")
    assert {model.name for model in client.models.list()} == before | {fresh}
    assert client.models.get(added.id) == added
    edited = client.models.edit(fresh, licence="MIT")
    assert edited == added.model_copy(update={"licence": "MIT"})
    with pytest.raises(NameTakenError):
        client.models.edit(fresh, name="efficientnet_lite0")
    assert client.models.remove(fresh) == edited
    assert {model.name for model in client.models.list()} == before


def test_models_that_cannot_be(client: Any) -> None:
    with pytest.raises(InputError, match="gibberish"):
        client.models.add("gibberish")
    for change in (client.models.remove, lambda name: client.models.edit(name, licence="x")):
        with pytest.raises(InputError, match="comes with"):
            change("efficientnet_lite0")
    with pytest.raises(UnknownNameError, match="efficientnet_lite0"):
        client.models.get("efficientnet_lit0")


def test_outcomes_are_recorded_all_or_none(
    client: Any, task: Any, fresh: str, tmp_path: Path
) -> None:
    first = client.outcomes.add("efficientnet_lite0", fresh, 0.25, protocol="ours", images=9)
    assert (first.model, first.task) == ("efficientnet_lite0", fresh)
    assert (first.accuracy, first.protocol, first.images, first.seed) == (0.25, "ours", 9, None)
    new = [
        NewOutcome(model="efficientnet_lite1", task=name, accuracy=0.5, seed=3)
        for name in (fresh, "nosuch")
    ]
    with pytest.raises(UnknownNameError, match="nosuch"):
        client.outcomes.add_many(new)
    assert len(client.outcomes.add_many(new[:1])) == 1
    file = tmp_path / "o.csv"
    file.write_text(f"model,task,accuracy\nefficientnet_lite2,{fresh},0.75\n")
    assert [each.accuracy for each in client.outcomes.import_csv(file)] == [0.75]
    file.write_text(f"model,task,accuracy\nefficientnet_lite2,{fresh},2\n")
    with pytest.raises(InputError, match="Line 2"):
        client.outcomes.import_csv(file)

    listed = list(client.outcomes.list(task=fresh))
    assert [each.accuracy for each in listed] == [0.25, 0.5, 0.75]
    assert listed[0] == first
    assert listed[1:2] == list(client.outcomes.list(task=task.id, model="efficientnet_lite1"))
    with pytest.raises(StateError, match="outcomes: 3"):
        client.tasks.remove(fresh)
    client.tasks.remove(fresh, cascade=True)
    assert fresh not in {each.task for each in client.outcomes.list()}


def test_outcomes_are_removed_all_or_none(
    client: Any, task: Any, fresh: str, tmp_path: Path
) -> None:
    first = client.outcomes.add("efficientnet_lite0", fresh, 0.25, protocol="ours")
    file = tmp_path / "o.csv"
    lines = [f"efficientnet_lite{n},{fresh},0.{n}5,ours" for n in (2, 1, 0)]
    file.write_text("\n".join(["model,task,accuracy,protocol", *lines[:2]]) + "\n")
    imported = client.outcomes.import_csv(file)

    assert client.outcomes.get(first) == client.outcomes.get(first.id) == first
    with pytest.raises(UnknownNameError, match="'out_nosuch'"):
        client.outcomes.remove_many([*imported, "out_nosuch"])
    with pytest.raises(UnknownNameError, match="'out_nosuch'"):
        client.outcomes.remove("out_nosuch")
    assert list(client.outcomes.list(task=task)) == [first, *imported]

    assert client.outcomes.remove_many(imported[::-1]) == imported[::-1]
    assert client.outcomes.remove_many([]) == []
    assert client.outcomes.remove(first.id) == first
    assert list(client.outcomes.list(task=task)) == []
    with pytest.raises(UnknownNameError, match=first.id):
        client.outcomes.get(first)

    # What was removed can be recorded again.
    told = [each.model_dump(include=set(NewOutcome.model_fields)) for each in imported]
    again = client.outcomes.add_many(NewOutcome(**each) for each in told)
    assert [each.accuracy for each in again] == [0.25, 0.15]


def test_an_outcome_that_repeats_another_tells_it(client: Any, task: Any, fresh: str) -> None:
    first = client.outcomes.add("efficientnet_lite0", fresh, 0.25, seed=1)
    other = client.outcomes.add("efficientnet_lite0", fresh, 0.25, seed=2)
    again = client.outcomes.add("efficientnet_lite0", task, 0.25, seed=1)

    assert (first.repeats, other.repeats, again.repeats) == (None, None, first.id)
    assert list(client.outcomes.list(task=task)) == [first, other, again]
    assert client.outcomes.get(again) == again


def test_outcomes_are_listed_by_protocol_and_by_moment(client: Any, task: Any, fresh: str) -> None:
    ours = client.outcomes.add("efficientnet_lite0", fresh, 0.25, protocol=f"ours, {fresh} & é")
    more = [NewOutcome(model=f"efficientnet_lite{n}", task=fresh, accuracy=0.5) for n in range(3)]
    together = client.outcomes.add_many(more)

    assert list(client.outcomes.list(protocol=ours.protocol)) == [ours]
    assert list(client.outcomes.list(protocol="fine-tuning", task=task)) == together
    assert list(client.outcomes.list(created=together[0].created, page_size=2)) == together
    assert list(client.outcomes.list(protocol="nosuch")) == []
    for wrong in ({"created": "yesterday"}, {"model": ""}, {"task": ""}):
        with pytest.raises(InputError):
            list(client.outcomes.list(**wrong))


@pytest.mark.parametrize("accuracy", [-0.01, 1.01, float("nan")])
def test_an_accuracy_is_a_fraction(client: Any, accuracy: float) -> None:
    with pytest.raises(SettingError, match=r"\[0, 1\]"):
        client.outcomes.add("efficientnet_lite0", "emoji_food", accuracy)


def test_probes_are_the_same_everywhere(client: Any, reference: Any) -> None:
    assert client.probes() == reference.probes()
    assert "efficientnet_lite0" in {probe.name for probe in client.probes()}


def test_without_keys_everything_is_open(client: Any) -> None:
    assert client.key() == KeyAccess(id=None, name=None, scopes=tuple(Scope), expires=None)


def test_what_a_client_returned_stands_for_its_id(client: Any, task: Any, fresh: str) -> None:
    model = client.models.add("timm:resnet18.a1_in1k", name=f"m_{fresh}", task=task)
    assert client.models.get(model) == model
    assert client.models.edit(model, licence="MIT").licence == "MIT"
    added = client.outcomes.add(model, task, 0.5)
    assert model.created.endswith("Z")
    assert added.created.endswith("Z")
    assert list(client.outcomes.list(model=model, task=task)) == [added]
    renamed = client.tasks.edit(task, tags=["new"])
    assert client.tasks.get(task).tags == renamed.tags == ("new",)
    assert client.tasks.embedding(task).values.size > 0
    assert client.models.remove(model, cascade=True).id == model.id
    assert client.tasks.remove(renamed).id == task.id


@pytest.mark.parametrize("given", [None, 7, object()], ids=["None", "int", "object"])
def test_what_has_no_id_is_told(client: Any, given: Any) -> None:
    with pytest.raises(TypeError, match="expected a name.*" + type(given).__name__):
        client.tasks.get(given)


def test_every_list_may_be_asked_for_in_pages(client: Any) -> None:
    parts = (client.tasks, client.models, client.outcomes, client.jobs, client.datasets)
    for part in parts:
        assert list(part.list(page_size=1)) == list(part.list())
    for part in parts:
        with pytest.raises(SettingError, match="page_size"):
            list(part.list(page_size=0))


def test_published_models_are_the_same_for_every_client(client: Any, reference: Any) -> None:
    asked = {"max_parameters": 30_000_000, "licence": "MIT", "costs": ("operations", "parameters")}
    for more in ({}, {"pareto": False, "sort": "name", "figure": "v2", "architecture": "*net*"}):
        found = list(client.models.published(**asked, **more, page_size=7))
        assert found == list(reference.models.published(**asked, **more))
        assert len(found) > 7
        assert {model.licence for model in found} == {"mit"}
    assert {model.pareto for model in found} == {True, False}
    assert list(client.models.published(architecture="nosuch")) == []
    for wrong in ({"figure": "mnist"}, {"costs": ()}, {"max_parameters": 0}, {"sort": "luck"}):
        with pytest.raises(SettingError):
            list(client.models.published(**wrong))
