"""What every client answers about tasks: neighbours, distances, recommendations, the map."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_store import TASKS, USED, cut

from task2vec.errors import InputError, SettingError, SourceError, UnknownNameError


def test_centred_neighbours(client: Any) -> None:
    found = client.search("greek_capitals", k=100, geometry="centred")

    # Other tests' tasks are in the mean of a server that they share.
    stored = {each.name: client.tasks.embedding(each.name) for each in client.tasks.list()}
    own = stored["greek_capitals"]
    stored = {name: each for name, each in stored.items() if each.space == own.space}
    x = np.log([each.values + own.space.prior_precision for each in stored.values()])
    x -= x.mean(axis=0)
    cosines = np.corrcoef(x)[list(stored).index("greek_capitals")]
    expected = {name: 1 - cosine for name, cosine in zip(stored, cosines, strict=True)}
    del expected["greek_capitals"]
    assert {each.name: each.distance for each in found.neighbours} == pytest.approx(
        expected, abs=1e-6
    )
    assert [each.name for each in found.neighbours] == sorted(expected, key=expected.__getitem__)
    assert all(0 < each.standard_error < 1 for each in found.neighbours)
    with pytest.raises(SettingError, match=r"geometry.*no asymmetric distance"):
        client.search("greek_capitals", geometry="centred", asymmetric=True)


@pytest.mark.parametrize("asymmetric", [False, True])
def test_neighbours(client: Any, reference: Any, asymmetric: bool) -> None:
    found = client.search("greek_capitals", k=100, asymmetric=asymmetric)
    expected = reference.search("greek_capitals", k=100, asymmetric=asymmetric)

    known = [each for each in found.neighbours if each.name in TASKS]
    assert [each.id for each in known] == [each.id for each in expected.neighbours]
    for each, other in zip(known, expected.neighbours, strict=True):
        assert each.distance == pytest.approx(other.distance, abs=1e-12)
        assert each.standard_error == pytest.approx(other.standard_error, abs=1e-9)
    assert (found.task, found.warnings) == ("greek_capitals", ())
    assert len(client.search("greek_capitals", k=2).neighbours) == 2


def test_neighbours_are_narrowed(client: Any, task: Any, fresh: str) -> None:
    tagged = client.search("greek_capitals", tags=["own"])
    assert fresh in {each.name for each in tagged.neighbours}
    assert not {each.name for each in tagged.neighbours} & set(TASKS)
    assert client.search("greek_capitals", tags=["own", "nosuch"]).neighbours == ()
    assert client.search("greek_capitals", min_classes=5).neighbours == ()
    # Other tests have stored tasks of two classes.
    few = client.search("greek_capitals", max_classes=3, k=100).neighbours
    assert not {each.name for each in few} & {fresh, *TASKS}


def test_a_stored_task_is_not_answered_by_another_probe(client: Any) -> None:
    for ask in (
        lambda probe: client.search("greek_capitals", probe=probe),
        lambda probe: client.distance("emoji_food", "greek_capitals", probe=probe),
        lambda probe: client.recommend("greek_capitals", measure=False, probe=probe),
    ):
        with pytest.raises(SettingError, match="its own probe, efficientnet_lite0") as raised:
            ask("efficientnet_lite1")
        assert "--probe efficientnet_lite1`" in str(raised.value.remedy)
        assert ask("efficientnet_lite0") == ask(None)


def test_distances(client: Any, reference: Any) -> None:
    found = client.distance("greek_capitals", "emoji_food")
    expected = reference.distance("greek_capitals", "emoji_food")

    for part in ("symmetric", "standard_error"):
        assert getattr(found, part) == pytest.approx(getattr(expected, part), rel=1e-9)
    for kind in ("asymmetric", "information"):
        for way in ("source_to_target", "target_to_source"):
            ours, theirs = (getattr(getattr(each, kind), way) for each in (found, expected))
            assert ours == pytest.approx(theirs, rel=1e-9)
    assert found.complexity.source == pytest.approx(expected.complexity.source, rel=1e-9)


def test_a_recommendation_by_what_is_known(client: Any, reference: Any) -> None:
    asked = {"measure": False, "architecture": "tf_efficientnet_lite*"}
    found = client.recommend("emoji_food", **asked)
    expected = reference.recommend("emoji_food", **asked)

    assert (found.task, found.chosen, found.abstained) == ("emoji_food", expected.chosen, True)
    packaged = [each.model for each in expected.recommendations]
    assert [each.model for each in found.recommendations if each.model in packaged] == packaged
    assert found.code == expected.code
    # No time to measure is the same question.
    asked = {"budget": 0, "architecture": "tf_efficientnet_lite*"}
    assert client.recommend("emoji_food", **asked) == found


def test_a_recommendation_for_the_time_that_there_is(client: Any, tmp_path: Path) -> None:
    source = cut("emoji_food", tmp_path / "food in time", classes=2)
    asked = {"images": 12, "budget": 1e-3, "architecture": "tf_efficientnet_lite*"}
    long = client.recommend(source, **asked, time="100h")
    assert long.time_reason is None
    for each in long.recommendations:
        taken = [plan.seconds for plan in each.plans]
        assert 0 < taken[0] < taken[1] < taken[2] < 3600
    short = client.recommend(source, **asked, time=0.01)
    assert short.recipe == "linear-probe"
    assert short.time_reason.startswith("Nothing fits: ")


@pytest.mark.parametrize("time", ["soon", 0, -1.0, 1e9])
def test_a_time_that_nobody_has_is_refused(client: Any, time: Any) -> None:
    with pytest.raises(SettingError, match="time"):
        client.recommend("emoji_food", time=time)


@pytest.mark.parametrize("budget", [-1.0, 1e9, float("inf"), float("nan")])
def test_a_budget_out_of_range_is_refused(client: Any, budget: float) -> None:
    with pytest.raises(SettingError, match="budget"):
        client.recommend("emoji_food", budget=budget)


def test_an_explained_recommendation(client: Any, reference: Any) -> None:
    asked = {"measure": False, "architecture": "tf_efficientnet_lite*"}
    assert client.recommend("emoji_food", **asked).explanation is None
    found = client.recommend("emoji_food", **asked, explain=True).explanation
    expected = reference.recommend("emoji_food", **asked, explain=True).explanation

    assert found.classes == expected.classes
    assert found.classes.images == USED
    packaged = {each.model for each in expected.outcomes}
    # Other tests add experts, but none of a near task: their own is a copy of this one.
    assert packaged <= {each.model for each in found.outcomes}
    compared, wanted = found.layers[0], expected.layers[0]
    assert compared.task == wanted.task
    assert compared.by_layer.plain == pytest.approx(wanted.by_layer.plain, rel=1e-9)
    assert [g.name for g in compared.by_layer.groups] == [f"blocks.{i}" for i in range(7)]
    assert {"outcomes", "layers", "classes"} == {each.about for each in found.sentences}


def test_a_source_is_explained_by_the_details_that_its_worker_sends(
    client: Any, tmp_path: Path
) -> None:
    source = cut("clipart_transport", tmp_path / "transport", classes=3, images=4)
    asked = {"images": 12, "measure": False, "architecture": "tf_efficientnet_lite0"}
    found = client.recommend(source, **asked, explain=True).explanation

    assert found.classes.images == 12
    assert {each.name for each in found.classes.classes} == {p.name for p in source.iterdir()}
    assert [g.name for g in found.layers[0].by_layer.groups] == [f"blocks.{i}" for i in range(7)]


def test_limits_that_nothing_passes(client: Any) -> None:
    for limits in ({"architecture": "nosuch*"}, {"max_parameters": 1}, {"licence": "nosuch"}):
        with pytest.raises(SettingError, match="No starting model"):
            client.recommend("emoji_food", measure=False, **limits)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("search", {"k": 0}),
        ("search", {"images": 1}),
        ("search", {"seed": -1}),
        ("search", {"tags": [""]}),
        ("search", {"geometry": "round"}),
        ("recommend", {"k": 0}),
        ("recommend", {"max_parameters": 0}),
        ("embed", {"draws": 0}),
        ("embed", {"standard_error": 0.0}),
        ("embed", {"estimator": "magic"}),
        ("embed", {"images": 1}),
        ("finetune", {"epochs": 0}),
        ("finetune", {"images": 3}),
        ("finetune", {"learning_rate": -1.0}),
        ("map", {"method": "magic"}),
    ],
    ids=str,
)
def test_settings_out_of_range(client: Any, call: str, arguments: dict[str, Any]) -> None:
    about = () if call == "map" else ("emoji_food",)
    with pytest.raises(SettingError, match=next(iter(arguments)).split("_")[0]):
        getattr(client, call)(*about, **arguments)


@pytest.mark.parametrize("call", ["search", "recommend", "finetune"])
def test_what_is_neither_a_task_nor_a_path(client: Any, call: str) -> None:
    with pytest.raises(UnknownNameError, match="neither a task") as caught:
        getattr(client, call)("emoji_fod")
    assert "emoji_food" in str(caught.value)
    with pytest.raises(UnknownNameError, match="neither a task"):
        client.distance("emoji_food", "emoji_fod")
    for path in ("./emoji_food", Path("emoji_food")):
        with pytest.raises(SourceError):
            getattr(client, call)(path)


def test_a_mistyped_path_is_answered_with_the_near_path(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photos/emoji_food").mkdir(parents=True)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'photos/emoji_food'\?"):
        client.search("photos/emoji_fod")


def test_the_map(client: Any, tmp_path: Path) -> None:
    found = client.map()
    assert {point.name for point in found.points} >= set(TASKS)
    assert found.method == "mds"
    assert 0 <= found.stress < 1
    client.map(tmp_path / "m.png")
    assert (tmp_path / "m.png").read_bytes().startswith(b"\x89PNG")
    client.map(tmp_path / "m.svg", method="tsne")
    assert "<svg" in (tmp_path / "m.svg").read_text()


def test_all_tasks_on_the_map_by_column(client: Any, reference: Any) -> None:
    found = client.map_columns()
    place = {name: (found.x[i], found.y[i]) for i, name in enumerate(found.names)}
    details = client.tasks.get("emoji_food")
    row = found.names.index("emoji_food")

    assert set(place) >= set(TASKS)
    assert found.space == details.space
    assert (found.ids[row], found.tags[row]) == (details.id, details.tags)
    assert (found.classes[row], found.images[row]) == (details.classes, details.images)
    assert found.complexity[row] == pytest.approx(details.complexity, abs=1e-5)
    assert found.standard_error[row] == pytest.approx(details.standard_error, abs=1e-5)
    assert (found.bundles[row], found.thumbnails[row]) == (None, True)
    assert 0 <= found.stress < 1
    # Lengths are those of the distances, as far as a plane has room for them.
    wanted = reference.distance("emoji_food", "greek_capitals").symmetric
    assert math.dist(place["emoji_food"], place["greek_capitals"]) == pytest.approx(wanted, rel=0.5)
    none = client.map_columns(probe="resnet34")
    assert (none.space, none.names, none.x) == (None, (), ())


def test_a_map_appears_whole(client: Any, tmp_path: Path) -> None:
    client.map(tmp_path / "m.png")
    first = (tmp_path / "m.png").read_bytes()
    # A reader that has the picture open sees it as it was.
    (tmp_path / "seen.png").hardlink_to(tmp_path / "m.png")
    client.map(tmp_path / "m.png", thumbnails=True)
    assert (tmp_path / "m.png").read_bytes() != first
    assert (tmp_path / "seen.png").read_bytes() == first
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("name", ["m.gif", "nowhere/m.png"])
def test_a_map_that_cannot_be_written(client: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        client.map(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
