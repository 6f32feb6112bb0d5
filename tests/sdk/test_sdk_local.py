"""The client on a local store answers as the command line does."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_store
from small_store import TASKS, USED, SmallStore, cut, snapshot

import task2vec
from task2vec import LocalClient
from task2vec.cli.run import run
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.errors import NameTakenError, SettingError, StoreError, UnknownNameError
from task2vec.service.batches import ItemStatus
from task2vec.service.recommendation import Limits


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
        assert [task.to_json() for task in client.tasks.list()] == cli("list")["tasks"]
        assert client.tasks.get("emoji_food").to_json().items() <= cli("show", "emoji_food").items()
        client.tasks.export("emoji_food", tmp_path / "food.npz")
        embedding = client.tasks.embedding("emoji_food")
        np.testing.assert_array_equal(
            task2vec.load_embedding(tmp_path / "food.npz")[1].values, embedding.values
        )
        removed = client.tasks.remove("emoji_food")
        with pytest.raises(UnknownNameError):
            client.tasks.get(removed.id)
    assert len(cli("list")["tasks"]) == 3


@pytest.mark.parametrize("asymmetric", [False, True])
def test_search_and_distance(store: Path, cli: Any, asymmetric: bool) -> None:
    flag = ["--asymmetric"] if asymmetric else []
    with LocalClient(store) as client:
        found = client.search("greek_capitals", k=2, asymmetric=asymmetric)
        pair = client.distance("greek_capitals", "emoji_food")
    shown = cli("neighbours", "greek_capitals", "-k", 2, *flag)["neighbours"]
    assert [neighbour.to_json() for neighbour in found] == shown
    assert pair.to_json() == cli("distance", "greek_capitals", "emoji_food")


def test_recommend_and_map(store: Path, cli: Any, tmp_path: Path) -> None:
    with LocalClient(store) as client:
        answer = client.recommend(
            "emoji_food", limits=Limits(architecture="tf_efficientnet_lite0"), images=USED
        )
        drawn = client.map(tmp_path / "map.png", thumbnails=True)
    shown = cli(
        *("recommend", "emoji_food", "--images", USED, "--architecture", "tf_efficientnet_lite0")
    )
    assert json.loads(json.dumps(answer.to_json())) == {
        key: value for key, value in shown.items() if key != "task"
    }
    assert json.loads(json.dumps(drawn.to_json())) == cli("map")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_models_and_outcomes(store: Path, cli: Any, tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text(
        "model,task,accuracy\nefficientnet_lite0,emoji_food,0.5\nr,emoji_food,0.75\n"
    )
    with LocalClient(store) as client:
        added = client.models.add("timm:resnet18.a1_in1k", name="r", task="emoji_food")
        client.outcomes.add("r", "emoji_food", 0.25, protocol="mine", images=8)
        client.outcomes.import_csv(tmp_path / "o.csv")
        assert [model.to_json() for model in client.models.list()] == cli("models", "list")[
            "models"
        ]
        assert client.models.get("r") == added
        listed = [
            {**outcome.to_json(), "model": model, "task": task}
            for outcome, model, task in client.outcomes.list(task="emoji_food")
        ]
        assert listed == cli("outcomes", "list")["outcomes"]
        assert [row["accuracy"] for row in listed] == [0.25, 0.5, 0.75]
        with pytest.raises(SettingError):
            client.outcomes.add("r", "emoji_food", 1.25)
        client.models.remove("r", cascade=True)
        assert len(client.outcomes.list()) == 1


def test_embed_and_batch(small: SmallStore, store: Path, cli: Any, tmp_path: Path) -> None:
    source = cut("emoji_food", tmp_path / "sources" / "tiny", classes=2, images=3)
    with LocalClient(tmp_path / "new") as client:
        assert client.tasks.list() == []
        with pytest.raises(StoreError):
            client.tasks.get("tiny")
        assert not (tmp_path / "new").exists()
        record = client.embed(source, tags=["a"], settings=EmbeddingSettings(images=6))
        with pytest.raises(NameTakenError):
            client.embed(source)
        mine = client.tasks.embedding("tiny")
        (item,) = client.batch(source.parent, settings=EmbeddingSettings(images=6))
        assert (item.status, item.record) == (ItemStatus.UNCHANGED, record)
    shown = cli("embed", source, "--images", 6, "--tag", "a")
    own = ("id", "seconds")
    assert {k: v for k, v in record.to_json().items() if k not in own} == {
        k: v for k, v in shown.items() if k not in own
    }
    with LocalClient(store) as client:
        np.testing.assert_array_equal(client.tasks.embedding("tiny").values, mine.values)


def test_a_stored_batch_is_unchanged(small: SmallStore, store: Path) -> None:
    before = snapshot(store)
    with LocalClient(store) as client:
        results = list(client.batch(small.sources, settings=EmbeddingSettings(images=USED)))
    assert [result.to_json() for result in results] == [
        {**line, "status": "unchanged"} for line in small.lines
    ]
    assert [result.item.name for result in results] == list(TASKS)
    assert snapshot(store) == before


def test_importing_the_package_loads_none_of_the_machinery() -> None:
    code = (
        "import sys, task2vec\n"
        "task2vec.Task2VecError, task2vec.TaskEmbedding, task2vec.LocalClient\n"
        "print([m for m in ('torch', 'sklearn', 'scipy', 'sqlalchemy', 'timm', 'matplotlib')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_public_name_resolves() -> None:
    found = {name: getattr(task2vec, name) for name in task2vec.__all__}

    assert all(callable(value) for value in found.values())
    assert set(task2vec.__all__) <= set(dir(task2vec))
    with pytest.raises(AttributeError, match="nosuch"):
        task2vec.nosuch  # noqa: B018
