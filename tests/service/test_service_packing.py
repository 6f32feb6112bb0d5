"""Images that are packed as they come are read back as they were."""

import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_store import cut

from task2vec.data.open import open_source
from task2vec.errors import SourceError, TooLargeError
from task2vec.service.datasets.packing import Packer, image_name
from task2vec.service.uploads import Upload

HOSTILE = [
    "a.jpg",
    "../a.jpg",
    "../../etc/passwd.jpg",
    "/etc/a.jpg",
    "//a/b.jpg",
    "a/../b.jpg",
    "a//b.jpg",
    "a/./b.jpg",
    "./a/b.jpg",
    "a/b/c/d.jpg",
    "a/b.jpg/",
    "a/.hidden.jpg",
    ".a/b.jpg",
    "a/b\0.jpg",
    "a\0/b.jpg",
    "a/b\n.jpg",
    "a\r\nX: y/b.jpg",
    "a/\x1b[31mb.jpg",
    "a\\b.jpg",
    "..\\a/b.jpg",
    "C:/a.jpg",
    "c:/x/b.jpg",
    "a/" + "b" * 252 + ".jpg",
    "ä" * 128 + "/b.jpg",
    "a/b.jpg" * 1000,
    "a/b\u202egpj.jpg",
    "a/b\u2028.jpg",
    "a/b",
    "a/b.exe",
    "a/b.jpg.py",
    "a/.jpg",
    " a/b.jpg",
    "a /b.jpg",
    "a/\ud800.jpg",
    "",
    "/",
    "..",
    "a/..",
]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:30]))
def test_a_name_that_is_no_label_is_refused(name: str) -> None:
    with pytest.raises(SourceError, match="does not say its class"):
        image_name(name)


@pytest.mark.parametrize(
    "name",
    ["robin/1.jpg", "train/robin/1.JPG", "Hündin/ß ä.png", "犬/一.webp", "a/" + "b" * 251 + ".jpg"],
)
def test_a_name_that_says_its_class_is_taken_as_it_is(name: str) -> None:
    assert image_name(name) == name


def test_what_was_packed_is_the_same_task_as_its_folder(tmp_path: Path) -> None:
    folder = cut("greek_capitals", tmp_path / "letters")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    packed = tmp_path / "packed.tar"
    with Upload(tmp_path / "partial", largest=10**7) as upload:
        packer = Packer(upload, most=1000)
        for path in files:
            packer.begin(path.relative_to(folder).as_posix())
            for byte in range(0, path.stat().st_size, 100):
                packer.write(path.read_bytes()[byte : byte + 100])
            packer.end()
        packer.close()
        upload.path.replace(packed)

    task, same = open_source(packed), open_source(folder)

    assert (task.classes, task.entries) == (same.classes, same.entries)
    raws = dict(task.reader.read([entry.key for entry in task.entries]))
    assert raws == {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


@given(
    images=st.dictionaries(
        st.from_regex(r"\A[a-zäß]{1,120}/[a-z]{1,120}\.png\Z"),
        st.lists(st.binary(max_size=1500), max_size=3),
        max_size=5,
    )
)
def test_tarfile_reads_every_image_back(
    images: dict[str, list[bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("packed") / "packed.tar"
    with Upload(path, largest=10**6) as upload:
        packer = Packer(upload, most=5)
        for name, pieces in images.items():
            packer.begin(name)
            for piece in pieces:
                packer.write(piece)
            packer.end()
        packer.close()
        with tarfile.open(path) as archive:
            found = {m.name: archive.extractfile(m).read() for m in archive.getmembers()}

    assert found == {name: b"".join(pieces) for name, pieces in images.items()}


def test_a_name_that_came_before_is_refused(tmp_path: Path) -> None:
    with Upload(tmp_path / "partial", largest=10**6) as upload:
        packer = Packer(upload, most=3)
        packer.begin("a/b.jpg")
        packer.end()
        with pytest.raises(SourceError, match=r"got 'a/b\.jpg'"):
            packer.begin("a/b.jpg")


def test_more_images_than_are_taken_are_refused(tmp_path: Path) -> None:
    with Upload(tmp_path / "partial", largest=10**6) as upload:
        packer = Packer(upload, most=1)
        packer.begin("a/b.jpg")
        packer.end()
        with pytest.raises(TooLargeError, match="at most 1"):
            packer.begin("a/c.jpg")
