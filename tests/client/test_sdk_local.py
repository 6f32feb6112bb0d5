"""The client on a local store answers as the command line does."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_store
from small_store import TASKS, USED, SmallStore, cut, snapshot

import task2vec
from task2vec import LocalClient
from task2vec.cli.run import run
from task2vec.errors import NameTakenError, SettingError, SourceError, StoreError, UnknownNameError
from task2vec.messages.batches import ItemStatus
from task2vec.messages.jobs import Progress
from task2vec.messages.outcomes import NewOutcome
from task2vec.types import NeighbourGeometry


def as_json(answer: Any) -> Any:
    return answer.model_dump(mode="json")


@pytest.fixture(scope="module")
def small() -> SmallStore:
    return small_store.build()


@pytest.fixture
def store(small: SmallStore, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small.store, tmp_path / "store"))


@pytest.fixture
def cli(store: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: object) -> Any:
        capsys.readouterr()
        assert run([*map(str, arguments), "--store", str(store), "--json"]) in (0, 3)
        return json.loads(capsys.readouterr().out)

    return call


def test_tasks(store: Path, cli: Any, tmp_path: Path) -> None:
    with LocalClient(store) as client:
        assert [as_json(task) for task in client.tasks.list()] == cli("list")["tasks"]
        shown = cli("show", "emoji_food")
        got = client.tasks.get("emoji_food")
        assert as_json(got).items() >= {**shown, "created": as_json(got)["created"]}.items()
        client.tasks.export("emoji_food", tmp_path / "food.npz")
        embedding = client.tasks.embedding("emoji_food")
        np.testing.assert_array_equal(
            task2vec.load_embedding(tmp_path / "food.npz")[1].values, embedding.values
        )
        edited = client.tasks.edit("emoji_food", name="food", tags=["a"])
        assert (edited.id, edited.name, edited.tags) == (got.id, "food", ("a",))
        assert [task.name for task in client.tasks.list(tag="a")] == ["food"]
        removed = client.tasks.remove("food")
        with pytest.raises(UnknownNameError):
            client.tasks.get(removed.id)
    assert len(cli("list")["tasks"]) == 3


@pytest.mark.parametrize("asymmetric", [False, True])
def test_search_and_distance(store: Path, cli: Any, asymmetric: bool) -> None:
    flag = ["--asymmetric"] if asymmetric else []
    with LocalClient(store) as client:
        found = client.search("greek_capitals", k=2, asymmetric=asymmetric)
        pair = client.distance("greek_capitals", "emoji_food")
    shown = cli("neighbours", "greek_capitals", "-k", 2, *flag)
    assert as_json(found).items() >= shown.items()
    assert as_json(pair).items() >= cli("distance", "greek_capitals", "emoji_food").items()


def test_a_search_by_the_centred_distance(store: Path, cli: Any, small: SmallStore) -> None:
    with LocalClient(store) as client:
        found = client.search("greek_capitals", k=2, geometry="centred")
        assert (
            as_json(found).items()
            >= cli("neighbours", "greek_capitals", "-k", 2, "--geometry", "centred").items()
        )
        assert found != client.search("greek_capitals", k=2)
        # The mean is that of the stored tasks, with its twin among them.
        fresh = client.search(
            small.sources / "greek_capitals", k=1, images=USED, geometry=NeighbourGeometry.CENTRED
        )
        assert fresh.neighbours[0].name == "greek_capitals"
        # Another number of threads sums in another order.
        assert fresh.neighbours[0].distance == pytest.approx(0, abs=1e-6)


def test_a_search_is_narrowed(store: Path) -> None:
    with LocalClient(store) as client:
        client.tasks.edit("fashion_tops", tags=["cloth", "grey"])
        tagged = client.search("greek_capitals", tags=["cloth"])
        assert [each.name for each in tagged.neighbours] == ["fashion_tops"]
        assert client.search("greek_capitals", min_classes=5).neighbours == ()
        assert len(client.search("greek_capitals", max_classes=4).neighbours) == 3


def test_recommend_and_map(store: Path, cli: Any, tmp_path: Path) -> None:
    told: list[Progress] = []
    with LocalClient(store) as client:
        answer = client.recommend(
            "emoji_food", architecture="tf_efficientnet_lite0", images=USED, progress=told.append
        )
        drawn = client.map(tmp_path / "map.png", thumbnails=True)
        quick = client.recommend("emoji_food", architecture="tf_efficientnet_lite0", measure=False)
    by_command = cli(
        *("recommend", "emoji_food", "--images", USED, "--architecture", "tf_efficientnet_lite0")
    )
    # Seconds differ, and the second answer knows what the first one measured.
    assert as_json(answer) | {"steps": []} == by_command | {"steps": []}
    assert [step["cached"] for step in by_command["steps"]] == [False, True]
    assert told[0] == Progress(stage="probing efficientnet_lite0", done=0, total=20)
    assert quick.recommendations[0].predicted_accuracy is None
    assert answer.recommendations[0].predicted_accuracy is not None
    assert as_json(drawn) == cli("map")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_models_and_outcomes(store: Path, cli: Any, tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text(
        "model,task,accuracy\nefficientnet_lite0,emoji_food,0.5\nr,emoji_food,0.75\n"
    )
    with LocalClient(store) as client:
        added = client.models.add("timm:resnet18.a1_in1k", name="r", task="emoji_food")
        first = client.outcomes.add("r", "emoji_food", 0.25, protocol="mine", images=8)
        assert (first.model, first.task, first.accuracy) == ("r", "emoji_food", 0.25)
        client.outcomes.import_csv(tmp_path / "o.csv")
        assert [as_json(model) for model in client.models.list()] == cli("models", "list")["models"]
        assert client.models.get("r") == added
        listed = [as_json(outcome) for outcome in client.outcomes.list(task="emoji_food")]
        assert listed == cli("outcomes", "list")["outcomes"]
        assert [row["accuracy"] for row in listed] == [0.25, 0.5, 0.75]
        with pytest.raises(SettingError, match="accuracy"):
            client.outcomes.add("r", "emoji_food", 1.25)
        more = [NewOutcome(model="r", task=name, accuracy=0.5) for name in ("emoji_food", "no")]
        with pytest.raises(UnknownNameError):
            client.outcomes.add_many(more)
        listed = client.outcomes.list()
        assert repr(listed) == "<0 items read so far; list(...) reads all>"
        assert len(list(listed)) == 3
        assert repr(listed) == "<3 items read so far; list(...) reads all>"
        assert client.models.edit("r", name="s", licence="MIT").licence == "MIT"
        client.models.remove("s", cascade=True)
        assert len(list(client.outcomes.list())) == 1


def test_embed_and_batch(small: SmallStore, store: Path, cli: Any, tmp_path: Path) -> None:
    source = cut("emoji_food", tmp_path / "sources" / "tiny", classes=2, images=3)
    told: list[Progress] = []
    with LocalClient(tmp_path / "new") as client:
        assert list(client.tasks.list()) == []
        with pytest.raises(StoreError):
            client.tasks.get("tiny")
        assert not (tmp_path / "new").exists()
        task = client.embed(source, tags=["a"], images=6, progress=told.append)
        with pytest.raises(NameTakenError):
            client.embed(source)
        mine = client.tasks.embedding("tiny")
        (item,) = client.batch(source.parent, images=6)
        assert (item.status, item.task) == (ItemStatus.UNCHANGED, task)
        (same,) = client.batch([source], images=6)
        assert same == item
    assert told[0].stage == "reading"
    assert told[-1].done == told[-1].total > 0
    shown = cli("embed", source, "--images", 6, "--tag", "a")
    own = ("id", "seconds")
    assert {k: v for k, v in as_json(task).items() if k not in own} == {
        k: v for k, v in shown.items() if k not in own
    }
    with LocalClient(store) as client:
        np.testing.assert_array_equal(client.tasks.embedding("tiny").values, mine.values)


def test_a_failed_item_says_why(tmp_path: Path) -> None:
    cut("emoji_food", tmp_path / "sources" / "one", classes=1, images=3)
    with LocalClient(tmp_path / "new") as client:
        (item,) = client.batch(tmp_path / "sources", images=6)
        assert item.status is ItemStatus.FAILED
        assert item.error is not None
        assert item.error.code == SourceError.code
        assert "only one class" in item.error.detail


def test_a_stored_batch_is_unchanged(small: SmallStore, store: Path) -> None:
    before = snapshot(store)
    with LocalClient(store) as client:
        items = list(client.batch(small.sources, images=USED))
    kept = ("source", "status", "error")
    assert [as_json(item.task) for item in items] == [
        {key: value for key, value in line.items() if key not in kept} for line in small.lines
    ]
    assert [(item.position, item.name) for item in items] == list(enumerate(TASKS))
    assert {item.status for item in items} == {ItemStatus.UNCHANGED}
    assert snapshot(store) == before


def test_an_exported_embedding_comes_back(store: Path, tmp_path: Path) -> None:
    with LocalClient(store) as client:
        client.tasks.export("emoji_food", tmp_path / "food.npz")
        with pytest.raises(NameTakenError):
            client.tasks.import_embedding(tmp_path / "food.npz")
        again = client.tasks.import_embedding(tmp_path / "food.npz", name="again", tags=["b"])
        held = client.tasks.import_embedding(client.tasks.embedding("again"), name="held")
        assert client.distance("again", "emoji_food").symmetric == pytest.approx(0, abs=1e-6)
        assert again.tags == ("b",)
        assert again.complexity == held.complexity == client.tasks.get("emoji_food").complexity


def test_what_a_local_store_does_not_have(store: Path, small: SmallStore) -> None:
    source = small.sources / "emoji_food"
    with LocalClient(store) as client:
        assert list(client.jobs.list()) == list(client.datasets.list()) == []
        for refused in (
            lambda: client.embed(source, name="x", wait=False),
            lambda: client.finetune(source, wait=False),
            lambda: client.datasets.upload(source),
        ):
            with pytest.raises(SettingError, match="local store"):
                refused()
        for unknown in (client.jobs.get, client.jobs.wait, client.datasets.remove):
            with pytest.raises(UnknownNameError, match="local store"):
                unknown("x")


def test_a_path_object_is_never_a_stored_name(store: Path) -> None:
    with LocalClient(store) as client, pytest.raises(SourceError):
        client.search(Path("emoji_food"))
