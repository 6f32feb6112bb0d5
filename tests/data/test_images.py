"""Images without labels, found in files, folders and archives."""

import subprocess
import sys
from pathlib import Path

import pytest
from packed import KINDS, pack
from PIL import Image

from task2vec.data.formats.images import find_images
from task2vec.data.pixels.decode import decode
from task2vec.data.pixels.reader import UnreadableImageError
from task2vec.errors import SourceError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Images at several depths, and what is none."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(["b.png", "sub/deep/a.JPG", "sub/c.png", "a.png"]):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9, 5 + number)).save(tmp_path / "in" / name)
    (tmp_path / "in" / "notes.txt").write_text("no image")
    (tmp_path / "in" / ".hidden.png").write_bytes((tmp_path / "in" / "a.png").read_bytes())
    (tmp_path / "in" / "link.png").symlink_to("a.png")
    return tmp_path / "in"


def test_a_folder_gives_all_below_it_sorted(folder: Path) -> None:
    found = find_images(["in"])

    read = list(found.read())
    assert [path for path, _ in read] == [
        "in/a.png",
        "in/b.png",
        "in/sub/c.png",
        "in/sub/deep/a.JPG",
    ]
    assert len(found) == 4
    heights = [decode(raw).height for _, raw in read if isinstance(raw, bytes)]
    assert heights == [8, 5, 7, 6]
    assert any("notes" in text or ".txt" in text for text in found.warnings)
    assert any("hidden" in text for text in found.warnings)
    assert any("symbolic link" in text for text in found.warnings)


def test_files_and_folders_come_in_their_order(folder: Path) -> None:
    found = find_images([folder / "sub", "in/b.png", Path("in/sub")])

    assert [path for path, _ in found.read()] == [
        f"{folder}/sub/c.png",
        f"{folder}/sub/deep/a.JPG",
        "in/b.png",
        "in/sub/c.png",
        "in/sub/deep/a.JPG",
    ]


def test_a_named_file_is_tried_whatever_it_is_called(folder: Path) -> None:
    (folder / "picture").write_bytes((folder / "a.png").read_bytes())
    (folder / "gone.png").symlink_to("a.png")

    read = dict(find_images(["in/picture", "in/gone.png"]).read())

    assert read["in/picture"] == read["in/gone.png"] == (folder / "a.png").read_bytes()


def test_a_file_that_goes_meanwhile_is_told(folder: Path) -> None:
    found = find_images([folder, folder / "b.png"])
    (folder / "b.png").unlink()

    lost = {path: raw for path, raw in found.read() if isinstance(raw, UnreadableImageError)}

    assert list(lost) == [str(folder / "b.png")]
    assert lost[str(folder / "b.png")].problem == "no such file or directory"


def test_what_is_not_there_is_told_at_once(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"nosuch\.png cannot be opened"):
        find_images(["in/a.png", "nosuch.png"])
    with pytest.raises(SourceError, match="No image is named"):
        find_images([])


def test_a_folder_without_images_is_refused_with_what_it_has(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "a.txt").write_text("a")

    with pytest.raises(SourceError, match=r"No image was found in .*empty.*got.*\.txt"):
        find_images([empty])
    # Beside others it is a warning, which says which folder.
    assert any(str(empty) in text for text in find_images([empty, folder]).warnings)


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_gives_its_images_by_their_paths_in_it(folder: Path, kind: str) -> None:
    flat = {name: (folder / name).read_bytes() for name in ("b.png", "a.png", "sub/c.png")}
    archive = pack(folder / f"new{kind}", {**flat, "notes.txt": b"no image", ".h.png": b""})

    found = find_images([archive])

    assert dict(found.read()) == flat
    # In the order in which they lie there.
    assert [path for path, _ in found.read()] == list(flat)
    assert len(found) == 3
    assert any("notes" in text or ".txt" in text for text in found.warnings)
    assert any("hidden" in text for text in found.warnings)


def test_of_several_archives_each_names_its_images(folder: Path) -> None:
    for name in ("one.zip", "two.tar"):
        pack(folder / name, {"a.png": (folder / "a.png").read_bytes()})

    found = find_images(["in/one.zip", "in/two.tar", "in/b.png"])

    assert [path for path, _ in found.read()] == [
        "in/one.zip/a.png",
        "in/two.tar/a.png",
        "in/b.png",
    ]


def test_an_archive_without_images_is_told_by_what_was_left_out(folder: Path) -> None:
    pack(folder / "new.zip", {"notes.txt": b"no image"})

    with pytest.raises(SourceError, match=r"No image was found in .*new\.zip") as caught:
        find_images([folder / "new.zip"])
    assert "1 file left out" in (caught.value.got or "")


def test_a_folder_may_be_called_like_an_archive(folder: Path) -> None:
    folder.rename(folder.parent / "in.zip")

    assert len(find_images(["in.zip"])) == 4


def test_listing_needs_no_decoder() -> None:
    code = "import sys, task2vec.data.formats.images; sys.exit('PIL' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
