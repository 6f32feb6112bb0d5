"""`task2vec embed`: what it prints, what it stores, and what it refuses."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from command import Cli
from small_store import SmallStore, cut, snapshot

from task2vec import complexity, open_source
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.messages.tasks import Task
from task2vec.probe.registry import load_probe
from task2vec.store.store import Store

#: The contract of `--json`.
FIELDS = {
    *("id", "name", "probe", "space", "images", "classes", "complexity", "standard_error"),
    *("seconds", "warnings"),
}


def test_it_stores_what_the_embedder_finds(cli: Cli, two_classes: Path, tmp_path: Path) -> None:
    store = tmp_path / "new" / "store"
    found = cli("embed", two_classes, "--store", store, "--images", 6, "--tag", "food", "--json")

    assert found.code == 0
    assert set(found.json) >= FIELDS
    settings = EmbeddingSettings(images=6)
    expected = Embedder(load_probe("efficientnet_lite0"), settings).embed(open_source(two_classes))
    with Store.open(store, create=False) as opened:
        record, embedding = opened.tasks.get("tiny"), opened.tasks.embedding("tiny")
        thumbnail, pictures = opened.tasks.thumbnail("tiny"), opened.tasks.pictures("tiny")
    np.testing.assert_array_equal(embedding.values, expected.embedding.values)
    assert embedding.provenance == expected.embedding.provenance
    assert found.json == Task.model_validate(record).model_dump(mode="json")
    assert found.json["complexity"] == pytest.approx(complexity(expected.embedding))
    assert (found.json["images"], found.json["classes"], found.json["tags"]) == (6, 2, ["food"])
    assert "noisy" in found.json["warnings"][0]
    assert thumbnail is not None
    assert thumbnail.startswith(b"\x89PNG")
    assert pictures is not None
    assert (pictures.side, pictures.counts) == (64, (3, 3))


def test_no_pictures_of_classes_are_kept_where_none_are_wanted(
    cli: Cli, two_classes: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    cli("embed", two_classes, "--store", store, "--images", 6, "--no-class-pictures")
    with Store.open(store, create=False) as opened:
        assert opened.tasks.pictures("tiny") is None


def test_a_person_reads_the_facts_on_stdout_and_the_rest_on_stderr(
    cli: Cli, two_classes: Path
) -> None:
    found = cli("embed", two_classes, "--name", "[/b] :pizza:", "--images", 6)

    assert found.code == 0
    # rich would take the one for markup and the other for a picture.
    assert "[/b] :pizza:" in found.out
    assert "6 of 2 classes" in found.out
    assert "Warning: only 6 images" in found.err
    assert "\n  task2vec neighbours '[/b] :pizza:'\n" in found.err
    assert Path("task2vec-store", "task2vec.sqlite3").is_file()


def test_a_standard_error_that_is_not_reached_is_a_warning(cli: Cli, two_classes: Path) -> None:
    found = cli("embed", two_classes, "--images", 6, "--standard-error", "1e-6", "--json")

    assert found.code == 0
    assert found.json["images"] == 6
    assert any("and not 1e-06" in warning for warning in found.json["warnings"])
    loose = cli("embed", two_classes, "--images", 6, "--standard-error", "2", "--update", "--json")
    assert not any("and not" in warning for warning in loose.json["warnings"])


def test_an_empty_folder_can_become_a_store(cli: Cli, two_classes: Path, tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()

    assert cli("list", "--store", tmp_path / "volume", "--json").json == {"tasks": []}
    assert cli("embed", two_classes, "--store", tmp_path / "volume", "--images", 6).code == 0


def test_a_taken_name_is_refused_before_any_work(on: Cli, store: Path, tmp_path: Path) -> None:
    before = snapshot(store)
    # The images are none: an embedding of them would fail with another message.
    source = tmp_path / "emoji_food"
    for label in "ab":
        (source / label).mkdir(parents=True)
        (source / label / "1.png").write_bytes(b"no image")

    found = on("embed", source)

    assert (found.code, found.out) == (2, "")
    assert "There is a task named 'emoji_food' already" in found.err
    assert "--update" in found.err
    assert snapshot(store) == before


@pytest.mark.parametrize("name", ["", "tsk_0123456789abcdef"])
def test_an_unusable_name_is_refused_before_any_work(
    cli: Cli, two_classes: Path, tmp_path: Path, name: str
) -> None:
    source = Path(shutil.copytree(two_classes, tmp_path / "food"))
    for image in [path for path in source.rglob("*") if path.is_file()]:
        image.write_bytes(b"no image")

    found = cli("embed", source, "--name", name)

    assert found.code == 2
    assert "This name cannot be used" in found.err
    assert not Path("task2vec-store").exists()


def test_a_source_that_fails_leaves_the_store_as_it_was(
    cli: Cli, store: Path, two_classes: Path, tmp_path: Path
) -> None:
    one_class = cut("emoji_food", tmp_path / "one", classes=1)
    unreadable = Path(shutil.copytree(two_classes, tmp_path / "unreadable"))
    for image in [path for path in unreadable.rglob("*") if path.is_file()]:
        image.write_bytes(b"no image")
    before = snapshot(store)

    for source in (one_class, unreadable):
        assert cli("embed", source, "--store", store).code == 2
        assert snapshot(store) == before
        found = cli("embed", source, "--store", tmp_path / "new")
        assert found.code == 2
        assert not (tmp_path / "new").exists()
    assert "only one class" in cli("embed", one_class, "--store", store).err
    assert str(unreadable) in found.err


def test_a_store_that_cannot_be_written_is_told_before_any_work(
    cli: Cli, two_classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("task2vec.service.workspace._local_engine", lambda: pytest.fail("worked"))

    for place in ("file", "file/store"):
        found = cli("embed", two_classes, "--store", tmp_path / place, "--images", 6)
        assert found.code == 2
        assert "is a file" in found.err
        assert "--store" in found.err


def test_a_stored_name_wins_over_a_folder_and_a_dot_makes_a_path(
    on: Cli, small: SmallStore
) -> None:
    cut("latin_small_letters", Path("emoji_food"), classes=2, images=3)

    stored = on("distance", "emoji_food", "emoji_food", "--json").json
    mixed = on(*("distance", "emoji_food", "./emoji_food", "--images", 6, "--json")).json

    assert stored["symmetric"] == 0
    assert mixed["symmetric"] > 0.1
