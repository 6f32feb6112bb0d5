"""What a client on a local store does of its own; that it answers as a server is in contracts."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import small_store
from small_store import TASKS, USED, SmallStore, cut, snapshot

from task2vec import LocalClient
from task2vec.errors import NameTakenError, SettingError, SourceError, StoreError, UnknownNameError
from task2vec.messages.batches import ItemStatus
from task2vec.messages.jobs import Progress
from task2vec.types.tuning import Recipe


def as_json(answer: Any) -> Any:
    return answer.model_dump(mode="json")


@pytest.fixture(scope="module")
def small() -> SmallStore:
    return small_store.build()


@pytest.fixture
def store(small: SmallStore, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small.store, tmp_path / "store"))


def test_a_store_is_made_by_what_is_stored_first(tmp_path: Path) -> None:
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
        (item,) = client.batch(source.parent, images=6)
        assert (item.status, item.task) == (ItemStatus.UNCHANGED, task)
        (same,) = client.batch([source], images=6)
        assert same == item
    assert told[0].stage == "reading"
    assert told[-1].done == told[-1].total > 0


def test_a_stored_batch_changes_no_file(small: SmallStore, store: Path) -> None:
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


def test_a_recommendation_measures_once_and_tells_of_it(store: Path) -> None:
    told: list[Progress] = []
    asked: dict[str, Any] = {"architecture": "tf_efficientnet_lite0", "images": USED}
    with LocalClient(store) as client:
        before = client.recommend("emoji_food", **asked, measure=False, bundles=False)
        answer = client.recommend("emoji_food", **asked, progress=told.append)
        again = client.recommend("emoji_food", **asked)
        quick = client.recommend("emoji_food", **asked, measure=False)
    # Seconds differ, and the second answer knows what the first one measured.
    assert as_json(answer) | {"steps": []} == as_json(again) | {"steps": []}
    assert [step.cached for step in again.steps] == [False, True]
    assert told[0] == Progress(stage="probing efficientnet_lite0", done=0, total=20)
    assert before.recommendations[0].plan(Recipe.LINEAR_PROBE).accuracy is None
    # Nothing is measured without a budget, but what was measured counts.
    assert quick.steps == ()
    assert quick.probed == answer.probed == 1
    plain, later = answer.recommendations[0], quick.recommendations[0]
    assert [plan.accuracy for plan in later.plans] == [plan.accuracy for plan in plain.plans]


def test_a_long_list_says_how_to_read_it(store: Path) -> None:
    with LocalClient(store) as client:
        listed = client.tasks.list()
        assert repr(listed) == "<0 items read so far; list(...) reads all>"
        assert len(list(listed)) == len(TASKS)
        assert repr(listed) == f"<{len(TASKS)} items read so far; list(...) reads all>"


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
        for unknown in (
            client.jobs.get,
            client.jobs.cancel,
            client.jobs.retry,
            client.jobs.wait,
            client.jobs.events,
            client.datasets.get,
            client.datasets.remove,
        ):
            with pytest.raises(UnknownNameError, match="local store"):
                unknown("x")


def test_a_path_object_is_never_a_stored_name(store: Path) -> None:
    with LocalClient(store) as client, pytest.raises(SourceError):
        client.search(Path("emoji_food"))
