"""`task2vec predict` and `models export FILE.onnx`, on a small expert and real images."""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import Cli, Result
from small_expert import add_expert, expert_file
from small_store import SmallStore, snapshot

from task2vec.cli import output


@pytest.fixture(scope="module")
def with_expert(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with an expert, calibrated on enough images: not to be written to."""
    folder = tmp_path_factory.mktemp("predict")
    store = Path(shutil.copytree(small.store, folder / "store"))
    add_expert(store, expert_file(folder, small.sources / "emoji_food", temperature=0.4))
    before = snapshot(store)
    yield store
    assert snapshot(store) == before


@pytest.fixture
def images(small: SmallStore, tmp_path: Path) -> Path:
    """One image of each class, in a folder within a folder."""
    for label in sorted((small.sources / "emoji_food").iterdir()):
        target = tmp_path / "new" / "of [b]today[/b]"
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(min(label.iterdir()), target / f"{label.name}.png")
    return tmp_path / "new"


def lines(found: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in found.out.splitlines()]


def test_json_is_a_line_an_image(cli: Cli, with_expert: Path, images: Path) -> None:
    found = cli("predict", "small", images, "--store", with_expert, "--json")

    assert found.code == 0
    assert [line["path"] for line in lines(found)] == sorted(map(str, images.rglob("*.png")))
    for line in lines(found):
        assert sum(line["probabilities"].values()) == pytest.approx(1)
        assert line["probability"] == max(line["probabilities"].values())
    assert "4 of 4 images classified." in found.err
    assert "Warning" not in found.err


def test_csv_has_a_column_for_each_class(cli: Cli, with_expert: Path, images: Path) -> None:
    # Before any image that could be read, the classes are not known yet.
    broken = images / 'a, "first".png'
    broken.write_bytes(b"\x89PNG and no more")
    asked = ("predict", "small", images, "--store", with_expert)
    found, as_json = cli(*asked, "--csv"), lines(cli(*asked, "--json"))
    rows = csv.DictReader(io.StringIO(found.out))

    assert found.code == 1
    classes = list(as_json[-1]["probabilities"])
    assert rows.fieldnames == ["path", "label", "probability", "error", *classes]
    for row, line in zip(rows, as_json, strict=True):
        for fact in ("path", "label", "error"):
            assert row[fact] == (line[fact] or "")
        if line["error"] is None:
            shares = {label: float(row[label]) for label in classes}
            assert shares == pytest.approx(line["probabilities"], abs=1e-6)
        else:
            assert line["path"] == str(broken)
            assert [row[label] for label in classes] == [""] * len(classes)


def test_only_broken_images_still_give_a_line_each(
    cli: Cli, with_expert: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(b"")

    found = cli("predict", "small", tmp_path / "a.png", "--store", with_expert, "--csv")

    assert found.code == 1
    assert found.out == f"path,label,probability,error\n{tmp_path / 'a.png'},,,empty file\n"


def test_a_person_sees_a_table_and_what_was_left_out(
    cli: Cli, with_expert: Path, images: Path
) -> None:
    (images / "broken.jpg").write_bytes(b"<html>")
    (images / "notes.txt").write_text("no image")

    found = cli("predict", "small", images, images / "notes.txt", "--store", with_expert)

    assert found.code == 1
    _, header, *rows = found.out.splitlines()
    assert header.split() == ["path", "label", "probability", "next"]
    assert len(rows) == 6
    assert any("of [b]today[/b]" in row and " %" in row for row in rows)
    unread = [row.split()[-3:] for row in rows if "broken.jpg" in row or "notes.txt" in row]
    assert unread == [["-", "-", "-"]] * 2
    assert "broken.jpg was not classified: a web page, not an image" in found.err
    assert "notes.txt was not classified: text, not an image" in found.err
    assert "1 file left out" in found.err
    assert "4 of 6 images classified, 2 could not be read." in found.err


def test_long_paths_are_told_below_their_folder_each_in_one_row(
    cli: Cli, with_expert: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_PIPE_WIDTH", 80)
    roundabout = images / ".." / images.name

    found = cli("predict", "small", roundabout, "--store", with_expert)

    names = sorted(path.name for path in images.rglob("*.png"))
    assert found.out.splitlines()[0] == f"In {next(images.rglob('*.png')).parent}/:"
    rows = found.out.splitlines()[-len(names) :]
    assert [row.split()[0] for row in rows] == names
    assert max(map(len, rows)) <= 80
    lines = cli("predict", "small", roundabout, "--store", with_expert, "--json").out.splitlines()
    paths = [json.loads(line)["path"] for line in lines]
    assert paths == sorted(map(str, images.rglob("*.png")))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["efficientnet_lite0", "."], "task2vec finetune FOLDER --from efficientnet_lite0"),
        (["smal", "."], "smal"),
        (["small", "nosuch.png"], "nosuch.png cannot be opened"),
        (["small", "empty"], "No image was found in empty"),
        (["small", ".", "--csv", "--json"], "--json or --csv"),
        (["small"], "IMAGES"),
    ],
)
def test_mistakes_are_told_before_any_work(
    cli: Cli,
    with_expert: Path,
    tmp_path: Path,
    arguments: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("task2vec.service.workspace._local_engine", lambda: pytest.fail("worked"))
    (tmp_path / "empty").mkdir()

    found = cli("predict", *arguments, "--store", with_expert)

    assert (found.code, found.out) == (2, "")
    assert told in found.err


def test_a_checkpoint_of_an_earlier_version_is_used_with_a_note(
    cli: Cli, small: SmallStore, images: Path, tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    file = expert_file(tmp_path / "old", small.sources / "emoji_food", temperature=None)
    store = tmp_path / "store"
    assert cli("models", "add", f"file:{file}", "--name", "old", "--store", store).code == 0

    found = cli("predict", "old", images, "--store", store, "--json")

    assert found.code == 0
    assert len(found.out.splitlines()) == 4
    assert "old was made by an earlier version" in found.err


def test_export_as_onnx_says_what_it_wrote(cli: Cli, with_expert: Path, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")

    found = cli("models", "export", "small", tmp_path / "s.onnx", "--store", with_expert, "--json")

    assert found.code == 0
    assert found.json["file"] == str(tmp_path / "s.onnx")
    # Nothing of torch's own on the way.
    assert found.err == ""
    onnxruntime.InferenceSession(tmp_path / "s.onnx")


def test_an_expert_without_its_extra_is_told(
    cli: Cli, with_expert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxscript", None)

    found = cli("models", "export", "small", tmp_path / "s.onnx", "--store", with_expert)

    assert (found.code, found.out) == (2, "")
    assert "pip install 'task2vec[onnx]'" in found.err
    assert list(tmp_path.iterdir()) == []


def test_an_evaluation_is_a_table_with_a_picture(
    cli: Cli, with_expert: Path, small: SmallStore, tmp_path: Path
) -> None:
    source, picture = small.sources / "emoji_food", tmp_path / "errors.svg"
    arguments = ("evaluate", "small", source, "--store", with_expert)

    shown = cli(*arguments, "-o", picture)
    found = json.loads(cli(*arguments, "--json").out)

    assert shown.code == 0
    for each in found["by_class"]:
        line = next(line for line in shown.out.splitlines() if line.startswith(each["label"]))
        assert f"{100 * each['accuracy']:.1f} %" in line
    assert f"Accuracy: {100 * found['accuracy']:.1f} % of 32 images" in shown.err
    assert "Next: task2vec predict small IMAGES" in " ".join(shown.err.split())
    drawn = picture.read_text()
    assert f"small on emoji_food: {100 * found['accuracy']:.1f} % of 32" in drawn.replace("&#", "")
