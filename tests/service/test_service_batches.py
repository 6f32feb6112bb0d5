"""What counts as a source in a folder or list of sources."""

import json
from pathlib import Path
from typing import Any

import pytest

from task2vec.data.batch_sources import BatchSource, check_item, find_items
from task2vec.errors import InputError, SettingError, SourceError


def test_folders_and_archives_are_sources_by_name(tmp_path: Path) -> None:
    for folder in ("birds", "ca.ts", ".cache"):
        (tmp_path / folder).mkdir()
    for file in ("a.zip", "b.tar.gz", "c.TGZ", "d.npz", "notes.txt", "e.csv", ".f.zip"):
        (tmp_path / file).touch()

    found = {item.source.name: item.name for item in find_items(tmp_path)}

    assert found == {
        "birds": "birds",
        "ca.ts": "ca.ts",
        "a.zip": "a",
        "b.tar.gz": "b",
        "c.TGZ": "c",
        "d.npz": "d",
    }


def test_a_list_is_read_in_its_order_relative_to_itself(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "list.csv").write_text(
        f"tags,source,name\nx y,../b.zip,\n,{tmp_path}/a,first\n", encoding="utf-8-sig"
    )

    first, second = find_items(tmp_path / "data" / "list.csv")

    assert (first.source.resolve(), first.name, first.tags) == (
        tmp_path / "b.zip",
        "b",
        ("x", "y"),
    )
    assert (second.source, second.name, second.tags) == (tmp_path / "a", "first", ())


def test_a_line_of_a_list_ends_where_its_format_says(tmp_path: Path) -> None:
    rows = [{"source": "a\u2028b\x85c", "name": "one"}, {"source": "d", "name": "two"}]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (tmp_path / "l.jsonl").write_bytes("\r\n".join([*lines, ""]).encode())
    (tmp_path / "l.csv").write_bytes(b'source,name\r\n"x\r\ny",one\r\n"u\nv",two\r\n')

    assert [i.source.name for i in find_items(tmp_path / "l.jsonl")] == ["a\u2028b\x85c", "d"]
    assert [i.source.name for i in find_items(tmp_path / "l.csv")] == ["x\r\ny", "u\nv"]


def test_a_fault_is_told_with_the_line_it_is_on(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text('source,name\n"x\ny",one\n\n,two\n')

    with pytest.raises(InputError, match="Line 5 "):
        find_items(tmp_path / "l.csv")


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_text('{"source": "a"}\n\n{bad\n')

    with pytest.raises(InputError, match="in line 3: Expecting"):
        find_items(tmp_path / "l.jsonl")


def test_a_list_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_text("[" * 200_000)

    with pytest.raises(InputError, match="cannot be read as a list"):
        find_items(tmp_path / "l.jsonl")


def test_a_number_that_is_too_long_is_a_fault_of_the_list(tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_text('{"source": "a", "name": %s}' % ("9" * 5000))

    with pytest.raises(InputError, match="cannot be read as a list"):
        find_items(tmp_path / "l.jsonl")


def test_what_is_too_long_for_a_path_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no"):
        find_items(tmp_path / ("x" * 300))


@pytest.mark.parametrize("source", ["a\0b", "\ud800", "x" * 300, "d/" * 3000, "none"])
def test_a_source_that_cannot_be_there_is_refused_alone(tmp_path: Path, source: str) -> None:
    (tmp_path / "good").mkdir()
    rows = [{"source": source}, {"source": "good"}]
    (tmp_path / "l.jsonl").write_text("\n".join(map(json.dumps, rows)))

    bad, good = find_items(tmp_path / "l.jsonl")

    check_item(good)
    with pytest.raises(SourceError) as caught:
        check_item(bad)
    str(caught.value).encode()


@pytest.mark.parametrize(
    "words",
    [
        {"name": "tsk_0123456789abcdef"},
        {"name": "mdl_efficientnet_lite0"},
        {"name": "n" * 201},
        {"name": "\x1b[2J"},
        {"name": "\ud800"},
        {"tags": ("fine", "\ud800")},
        {"tags": ("",)},
        {"tags": tuple(f"t{i}" for i in range(51))},
    ],
)
def test_names_and_tags_that_would_be_refused_are(tmp_path: Path, words: dict[str, Any]) -> None:
    with pytest.raises(SettingError) as caught:
        check_item(BatchSource(**{"source": tmp_path, "name": "fine", **words}))
    str(caught.value).encode()
