"""What counts as a source in a folder or list of sources."""

from pathlib import Path

from task2vec.service.batch_items import find_items


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
