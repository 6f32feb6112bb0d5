"""What every client does with bundles."""

from pathlib import Path
from typing import Any

import pytest

from task2vec.errors import InputError, NameTakenError, SettingError, StateError, UnknownNameError


def test_a_bundle_is_written_taken_in_and_removed(client: Any, fresh: str, tmp_path: Path) -> None:
    # Names of bundles are short.
    name, path = f"b-{fresh[-20:].replace('_', '-')}", tmp_path / "a.bundle"
    written = client.bundles.export(
        path, name=name, licence="CC0", tasks=["emoji_food", "fashion_tops"], small=True
    )
    assert (written.name, written.tasks, written.imported) == (name, 2, None)
    assert written.licences == {"emoji_food": "CC0", "fashion_tops": "CC0"}

    found = client.bundles.import_bundle(path)
    again = client.bundles.import_bundle(path)
    try:
        assert (found.status, again.status) == ("imported", "unchanged")
        assert (found.sha256, found.created) == (written.sha256, again.created)
        assert [each.sha256 for each in client.bundles.list() if each.name == name] == [
            written.sha256
        ]
        listed = {task.name: task.bundle for task in client.tasks.list()}
        assert listed[f"{name}/emoji_food"] == name
        assert listed["emoji_food"] is None
        own = {task.name for task in client.tasks.list(bundles=False)}
        assert own == {task for task, bundle in listed.items() if bundle is None}
        assert client.tasks.get(f"{name}/emoji_food").bundle == name
        with pytest.raises(StateError, match=f"bundle {name}"):
            client.tasks.remove(f"{name}/emoji_food")
        client.bundles.export(path, name=name, version="2", tasks=["emoji_food"])
        with pytest.raises(NameTakenError, match=name):
            client.bundles.import_bundle(path)
        assert client.bundles.import_bundle(path, update=True).status == "replaced"
    finally:
        client.bundles.remove(name)
    assert name not in {each.name for each in client.bundles.list()}
    with pytest.raises(UnknownNameError, match=name):
        client.bundles.remove(name)


def test_what_ships_is_taken_in_by_its_name(client: Any) -> None:
    known = {task.name for task in client.tasks.list()}
    (ships,) = (bundle for bundle in client.bundles.list() if bundle.shipped)
    found = client.bundles.import_shipped()
    try:
        again = client.bundles.import_shipped(ships.name)
        assert (found.status, again.status) == ("imported", "unchanged")
        assert (found.name, found.sha256, found.tasks) == (ships.name, ships.sha256, ships.tasks)
        brought = {task.name for task in client.tasks.list()} - known
        assert len(brought) == ships.tasks
        assert f"{ships.name}/greek_capitals" in brought
        assert [bundle.shipped for bundle in client.bundles.list()] == [False]
    finally:
        client.bundles.remove(ships.name)
    assert [bundle.shipped for bundle in client.bundles.list()] == [True]
    with pytest.raises(UnknownNameError, match="development"):
        client.bundles.import_shipped("developmnt")


def test_what_cannot_be_is_told(client: Any, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="emoji_food"):
        client.bundles.export(tmp_path / "a", name="a", tasks=["emoji_fod"])
    with pytest.raises(SettingError):
        client.bundles.export(tmp_path / "a", name="a/b")
    with pytest.raises(InputError, match="cannot be written"):
        client.bundles.export(tmp_path / "no" / "a", name="a")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "b").write_bytes(b"none")
    with pytest.raises(InputError, match="no bundle"):
        client.bundles.import_bundle(tmp_path / "b")
    with pytest.raises(InputError, match="cannot be read"):
        client.bundles.import_bundle(tmp_path / "c")
    with pytest.raises(SettingError, match="name of a bundle"):
        client.bundles.import_bundle(tmp_path / "b", name="a/b")
