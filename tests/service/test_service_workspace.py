"""Opening stores late, and registering what newer packages bring."""

import shutil
import sqlite3
from pathlib import Path

import pytest
import small_store
from small_store import snapshot

from task2vec.errors import StoreError
from task2vec.messages.outcomes import NewOutcome, NewOutcomes, OutcomeFilter
from task2vec.service.outcomes import add_outcomes, page_of_outcomes
from task2vec.service.workspace import Workspace


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_store.build().store, tmp_path / "store"))


@pytest.mark.parametrize("read_first", [True, False])
def test_a_model_that_came_with_a_newer_package_is_registered_when_something_is_written(
    store: Path, read_first: bool
) -> None:
    with sqlite3.connect(store / "task2vec.sqlite3") as connection:
        connection.execute("DELETE FROM models WHERE name = 'efficientnet_lite2'")
    connection.close()

    with Workspace(store) as workspace:
        if read_first:
            assert len(workspace.store().models.list()) == 2
        new = NewOutcome(model="efficientnet_lite2", task="emoji_food", accuracy=0.5)
        add_outcomes(workspace, NewOutcomes(outcomes=(new,)))
        (found,) = page_of_outcomes(workspace, OutcomeFilter()).items

    assert (found.model, found.task) == ("efficientnet_lite2", "emoji_food")


def test_no_store_is_created_by_looking(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "absent", tmp_path / "empty"):
        with Workspace(path) as workspace:
            assert workspace.existing_store() is None
            workspace.check_writable()
            with pytest.raises(StoreError, match="There is no store in"):
                workspace.store()
    assert list(tmp_path.iterdir()) == [tmp_path / "empty"]
    assert snapshot(tmp_path / "empty") == {}


def test_a_first_start_that_was_killed_leaves_room_for_a_second(tmp_path: Path) -> None:
    # SQLite creates the file before the first commit fills it.
    (tmp_path / "task2vec.sqlite3").touch()
    with Workspace(tmp_path) as workspace:
        assert workspace.existing_store() is None
        workspace.store(create=True)
        assert len(workspace.store().models.list()) == 3


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with Workspace(tmp_path / "file") as workspace:
        with pytest.raises(StoreError, match="is a file"):
            workspace.existing_store()
        with pytest.raises(StoreError, match="is a file"):
            workspace.check_writable()
