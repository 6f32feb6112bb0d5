import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from task2vec.data.formats import rows
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images
from task2vec.data.task import ImageEntry
from task2vec.errors import SourceError

Png = Callable[[int], bytes]
Write = Callable[[Path, Mapping[str, bytes]], Path]

ROWS = [("b/2.png", "tulip", "train"), ("a/1.png", "rose", "Valid"), ("a/3.png", "rose", "")]


@pytest.fixture
def folder(tmp_path: Path, png: Png, write: Write) -> Path:
    return write(tmp_path, {path: png(i) for i, (path, *_) in enumerate(ROWS)})


def as_csv(rows: list[tuple[str, ...]], *header: str) -> str:
    return "".join(",".join(row) + "\n" for row in [header or ("path", "label", "split"), *rows])


def as_jsonl(rows: list[tuple[str, ...]]) -> str:
    keys = ("path", "label", "split")
    return "".join(json.dumps(dict(zip(keys, row, strict=True))) + "\n" for row in rows)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("name", "text"), [("set.csv", as_csv(ROWS)), ("set.jsonl", as_jsonl(ROWS))]
)
def test_a_manifest_lists_images_in_its_order(
    folder: Path, png: Png, name: str, text: str, mark: str
) -> None:
    (folder / name).write_text(mark + text, encoding="utf-8")
    task = open_source(folder / name)
    assert task.name == "set"
    assert task.classes == ("rose", "tulip")
    assert task.entries == (
        ImageEntry("b/2.png", 1, "train"),
        ImageEntry("a/1.png", 0, "val"),
        ImageEntry("a/3.png", 0, None),
    )
    assert task.warnings == ("1 class with one image only: tulip",)
    assert list(task.reader.read(["a/3.png", "b/2.png"])) == [
        ("b/2.png", png(0)),
        ("a/3.png", png(2)),
    ]


def test_columns_in_any_order_and_quoted_cells(folder: Path, write: Write, png: Png) -> None:
    write(folder, {'odd, "name".png': png(5)})
    text = (
        'Label , note,PATH\n"red, rose",x,a/1.png\ntulip,,"odd, ""name"".png"\n\ntulip,y,b/2.png\n'
    )
    (folder / "set.csv").write_text(text)
    task = open_source(folder / "set.csv")
    assert task.classes == ("red, rose", "tulip")
    assert [entry.key for entry in task.entries] == ["a/1.png", 'odd, "name".png', "b/2.png"]


def test_one_label_is_one_class_in_every_unicode_form(folder: Path) -> None:
    rows = [("a/1.png", "rose\u0301"), ("a/3.png", "ros\u00e9"), ("b/2.png", "x")]
    (folder / "set.csv").write_text(as_csv(rows, "path", "label"), encoding="utf-8")
    assert open_source(folder / "set.csv").classes == ("ros\u00e9", "x")


def test_numbers_are_labels_too(folder: Path) -> None:
    rows = [{"path": path, "label": number} for number, (path, *_) in enumerate(ROWS)]
    (folder / "set.jsonl").write_text("\n\n".join(map(json.dumps, rows)))
    assert open_source(folder / "set.jsonl").classes == ("0", "1", "2")


def test_paths_may_be_absolute_linked_and_of_any_suffix(
    folder: Path, png: Png, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "image.bin"
    elsewhere.write_bytes(png(40))
    (folder / "link.png").symlink_to(elsewhere)
    (folder / "set.csv").write_text(f"path,label\n{elsewhere},x\n./a/../link.png,y\n")
    task = open_source(folder / "set.csv")
    assert dict(task.reader.read([str(elsewhere), "link.png"])) == {
        str(elsewhere): png(40),
        "link.png": png(40),
    }


def test_missing_files_are_reported_and_survived(folder: Path) -> None:
    rows = [*ROWS, ("gone.png", "tulip", ""), ("b", "tulip", "")]
    (folder / "set.csv").write_text(as_csv(rows))
    task = open_source(folder / "set.csv")
    assert task.warnings == ("1 listed file not found: gone.png",)
    sample = all_images(task, transform=np.asarray)
    assert sample.keys == ("a/1.png", "a/3.png", "b/2.png")
    assert sample.warnings == (
        "2 of 5 images could not be read: b (no regular file), "
        "gone.png (no such file or directory)",
    )


def test_lines_that_repeat_are_counted_once(folder: Path) -> None:
    (folder / "set.csv").write_text(as_csv([*ROWS, ROWS[0], ("./a/1.png", "rose", "val")]))
    task = open_source(folder / "set.csv")
    assert len(task.entries) == 3
    assert task.warnings[0] == "2 lines listed again: a/1.png, b/2.png"


def test_the_signature_follows_list_and_files(folder: Path, png: Png) -> None:
    (folder / "set.csv").write_text(as_csv(ROWS))
    signatures = [open_source(folder / "set.csv").signature]
    (folder / "a" / "1.png").write_bytes(png(1) + b"longer")
    signatures.append(open_source(folder / "set.csv").signature)
    (folder / "a" / "1.png").unlink()
    signatures.append(open_source(folder / "set.csv").signature)
    (folder / "set.csv").write_text(as_csv([*ROWS[:2], ("a/3.png", "tulip", "")]))
    signatures.append(open_source(folder / "set.csv").signature)
    assert len(set(signatures)) == 4


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("set.csv", "", "does not name the columns"),
        ("set.csv", "a/1.png,rose\nb/2.png,tulip\n", "does not name the columns"),
        ("set.csv", "path;label\na/1.png;rose\n", "does not name the columns.*path;label"),
        ("set.csv", "path,label,label\n", "does not name the columns"),
        ("set.csv", "path,label\n", "lists no images"),
        ("set.csv", "path,label\na,x\nb\n", "Line 3 .* expected 2 columns, got 1 column"),
        ("set.csv", "path,label\na,x\nb,y,z\n", "Line 3 .* expected 2 columns, got 3 columns"),
        ("set.csv", "path,label\na,x\n,y\n", "Line 3 .* expected a path, got ''"),
        ("set.csv", "path,label\na,x\nb, \n", "Line 3 .* expected a label, got ' '"),
        ("set.csv", 'path,label\na,x\nb,"y\n', "Line 3 .* unexpected end of data"),
        ("set.csv", 'path,label\na,"x"z\nb,y\n', "Line 2 "),
        ("set.csv", "path,label\na,x\nb\0,y\n", "Line 3 "),
        ("set.csv", f"path,label\na,{'x' * 200_000}\n", "Line 2 .* field larger than"),
        ("set.csv", "path,label,split\na,x,\nb,y,hold\n", "Line 3 .* a split .* got 'hold'"),
        ("set.csv", "path,label\na,x\nb,y\n./a,y\n", "Line 4 .* a, listed otherwise in line 2"),
        ("set.csv", "path,label\na,x\nb,x\n", "has only one class"),
        ("set.jsonl", "", "lists no images"),
        ("set.jsonl", '{"path": "a", "label": "x"}\n{"path": \n', "Line 2 .* no JSON"),
        ("set.jsonl", '\n["a", "x"]\n', "Line 2 .* expected an object, got list"),
        ("set.jsonl", '{"path": "a"}\n', "Line 1 .* expected a label, got None"),
        ("set.jsonl", '{"path": 1, "label": "x"}\n', "Line 1 .* expected a path, got 1"),
        ("set.jsonl", '{"path": "a", "label": 0.5}\n', "Line 1 .* expected a label, got 0.5"),
        ("set.jsonl", '{"path": "a", "label": true}\n', "Line 1 .* expected a label, got True"),
        ("set.jsonl", '{"path": "\\ud800", "label": "x"}\n', "Line 1 .* expected text"),
        ("set.jsonl", "[" * 100_000, "Line 1 .* no JSON"),
        ("set.jsonl", '{"path": "a", "label": "x", "split": 1}\n', "Line 1 .* a split .* got 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match=problem):
        open_source(tmp_path / name)


def test_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_bytes("path,label\na,rosé\nb,x\n".encode("latin-1"))
    with pytest.raises(SourceError, match="no text in UTF-8"):
        open_source(tmp_path / "set.csv")


def test_a_line_of_json_has_a_bounded_length(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_LINE", 1_000)
    long = json.dumps({"path": "a/1.png", "label": "x" * 1_000})
    (folder / "set.jsonl").write_text(as_jsonl(ROWS) + long)
    with pytest.raises(SourceError, match=r"Line 4 of .*: expected at most 1,000 characters"):
        open_source(folder / "set.jsonl")


def test_a_manifest_has_a_bounded_number_of_lines(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MAX_LINES", 3)
    for name, text in (("set.csv", as_csv(ROWS)), ("set.jsonl", as_jsonl(ROWS) * 2)):
        (folder / name).write_text(text)
        with pytest.raises(SourceError, match="has too many lines: expected at most 3"):
            open_source(folder / name)
