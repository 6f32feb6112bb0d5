"""Archives that are cut, spoilt or hostile: an error, or fewer images."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from packed import KINDS, Files, Png, pack, tar_bytes

from task2vec.data.containers import archive_members, archive_tar, archive_zip
from task2vec.data.formats.images import find_images
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images, draw_sample
from task2vec.data.task import Task
from task2vec.errors import SourceError


def keys(task: Task) -> list[str]:
    return [entry.key for entry in task.entries]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.0, 0.3, 0.5])
def test_a_cut_archive_is_an_error(tmp_path: Path, flowers: Files, kind: str, part: float) -> None:
    path = pack(tmp_path / f"set{kind}", flowers)
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    with pytest.raises(SourceError, match="damaged, incomplete"):
        open_source(path)


@pytest.mark.parametrize("kind", KINDS)
def test_anything_else_by_that_name_is_an_error(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"set{kind}"
    path.write_bytes(b"no archive at all. " * 100)
    with pytest.raises(SourceError, match="damaged, incomplete"):
        open_source(path)


def test_a_tar_with_a_spoilt_header_is_an_error(tmp_path: Path, flowers: Files) -> None:
    data = bytearray(tar_bytes(flowers))
    # Each member is a header and one block of contents; this is the third header.
    data[2 * 1024 + 148] ^= 0x01
    (tmp_path / "set.tar").write_bytes(data)
    with pytest.raises(SourceError, match="neither a member"):
        open_source(tmp_path / "set.tar")


def test_a_spoilt_member_of_a_zip_costs_one_image(tmp_path: Path, flowers: Files) -> None:
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name, contents in flowers.items():
            packed.writestr(name, contents)
    data = bytearray(path.read_bytes())
    data[data.index(flowers["flowers/rose/1.png"]) + 20] ^= 0xFF
    path.write_bytes(data)
    sample = all_images(open_source(path), transform=np.asarray)
    assert sorted(sample.keys) == sorted(set(flowers) - {"flowers/rose/1.png"})
    assert "flowers/rose/1.png (damaged in the archive: Bad CRC-32" in sample.warnings[0]


def test_an_encrypted_member_is_unreadable(tmp_path: Path, flowers: Files) -> None:
    path = pack(tmp_path / "set.zip", flowers)
    data = bytearray(path.read_bytes())
    # The flags of the first entry of the directory.
    data[data.index(b"PK\x01\x02") + 8] |= 0x1
    path.write_bytes(data)
    task = open_source(path)
    assert "flowers/tulip/2.png" not in keys(task)
    assert task.warnings == (
        "1 entry left out (encrypted: pack it again without a password): flowers/tulip/2.png",
    )
    sample = all_images(task, transform=np.asarray)
    assert (len(sample.keys), sample.warnings) == (5, ())


def altered(path: Path, *, flags: int = 0, method: int | None = None) -> None:
    """Set flags and the method of all members, in the directory and in front of each."""
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = data.find(mark)
        while place >= 0:
            data[place + at] |= flags
            if method is not None:
                data[place + at + 2 : place + at + 4] = method.to_bytes(2, "little")
            place = data.find(mark, place + 4)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"flags": 1}, "encrypted: pack it again without a password"),
        ({"method": 9}, "packed by deflate64: pack it again by store or deflate"),
        ({"method": 93}, "packed by zstd: pack it again by store or deflate"),
        ({"method": 77}, "packed by method 77: pack it again by store or deflate"),
    ],
)
def test_a_zip_of_which_no_image_can_be_read_is_refused_when_it_is_listed(
    tmp_path: Path, flowers: Files, change: dict[str, int], words: str
) -> None:
    path = pack(tmp_path / "set.zip", flowers)
    altered(path, **change)
    with pytest.raises(SourceError, match=f"no images.*6 entries left out .{words}"):
        open_source(path)
    with pytest.raises(SourceError, match=f"No image was found.*{words}"):
        find_images([path])


def test_folders_do_not_stand_in_for_an_encrypted_list(tmp_path: Path, flowers: Files) -> None:
    listed = "".join(f"{name},{number % 2}\n" for number, name in enumerate(flowers))
    path = pack(tmp_path / "set.zip", {**flowers, "labels.csv": f"path,label\n{listed}".encode()})
    assert open_source(path).classes == ("0", "1")
    data = bytearray(path.read_bytes())
    # The list comes last in the directory.
    data[data.rindex(b"PK\x01\x02") + 8] |= 0x1
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"labels\.csv .* cannot be read.*encrypted"):
        open_source(path)


@pytest.mark.parametrize("kind", KINDS)
def test_members_beyond_the_size_of_an_image_are_unreadable(
    tmp_path: Path, flowers: Files, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / f"set{kind}", {**flowers, "flowers/rose/big.png": bytes(3 * 2**20)})
    monkeypatch.setattr(archive_zip, "MAX_IMAGE_BYTES", 2**20)
    monkeypatch.setattr(archive_tar, "MAX_IMAGE_BYTES", 2**20)
    sample = all_images(open_source(path), transform=np.asarray)
    assert sample.warnings == (
        "1 of 7 images could not be read: flowers/rose/big.png (larger than 1 MiB)",
    )


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != ".tar"])
def test_an_archive_that_expands_absurdly_is_refused(
    tmp_path: Path, flowers: Files, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / f"bomb{kind}", {**flowers, "flowers/zeros.bin": bytes(4 * 2**20)})
    assert open_source(path).classes == ("rose", "tulip")
    monkeypatch.setattr(archive_members, "FREE_EXPANSION_BYTES", 2**20)
    with pytest.raises(SourceError, match="decompression bomb"):
        open_source(path)


@pytest.mark.parametrize("kind", KINDS)
def test_absurdly_many_members_are_refused(
    tmp_path: Path, flowers: Files, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / f"set{kind}", flowers)
    monkeypatch.setattr(archive_members, "MAX_MEMBERS", 6)
    assert len(open_source(path).entries) == 6
    monkeypatch.setattr(archive_members, "MAX_MEMBERS", 5)
    with pytest.raises(SourceError, match="too many members"):
        open_source(path)


def test_a_zip_that_declares_a_huge_directory_is_refused_before_it_is_read(
    tmp_path: Path, flowers: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / "set.zip", flowers)
    monkeypatch.setattr(archive_zip, "MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(SourceError, match="its directory is too large"):
        open_source(path)


@pytest.mark.parametrize(
    ("kind", "size"),
    [(tarfile.XHDTYPE, 2**40), (tarfile.XHDTYPE, -1024), (tarfile.REGTYPE, -2048)],
)
def test_a_tar_header_of_absurd_size_neither_fills_the_memory_nor_loops(
    tmp_path: Path, flowers: Files, kind: bytes, size: int
) -> None:
    header = tarfile.TarInfo("flowers/rose/loop.png")
    header.type, header.size = kind, size
    evil = header.tobuf(tarfile.GNU_FORMAT)
    (tmp_path / "set.tar").write_bytes(tar_bytes(flowers)[: 6 * 1024] + evil + bytes(4096))
    with pytest.raises(SourceError, match="damaged, incomplete"):
        open_source(tmp_path / "set.tar")


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_that_vanishes_or_changes_is_an_error_not_a_crash(
    tmp_path: Path, flowers: Files, png: Png, kind: str
) -> None:
    path = pack(tmp_path / f"set{kind}", flowers)
    task = open_source(path)
    pack(path, {"other/1.png": png(1)})
    with pytest.raises(SourceError, match="None of the 6 images tried"):
        draw_sample(task, images=4, seed=0, transform=np.asarray)
    path.unlink()
    with pytest.raises(SourceError, match="no such file"):
        draw_sample(task, images=4, seed=0, transform=np.asarray)


def pax_field(key: str, value: str) -> bytes:
    rest = len(f" {key}={value}\n".encode())
    length = next(n for n in range(rest, rest + 10) if n == rest + len(str(n)))
    return f"{length} {key}={value}\n".encode()


def tar_with_header(fields: bytes, files: Files, *, kind: bytes = tarfile.XHDTYPE) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        header = tarfile.TarInfo("x")
        header.type, header.size = kind, len(fields)
        packed.addfile(header, io.BytesIO(fields))
    return buffer.getvalue()[: 512 + 512 * -(-len(fields) // 512)] + tar_bytes(files)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (b"1" * 40_000, "fields of a wrong length"),
        (b"2 " * 20_000 + b"=", "fields of a wrong length"),
        (pax_field("comment", "1" * 40_000), "a number of 40,000 digits"),
        (pax_field("comment", "a" * 70_000), "more than 64 KiB"),
    ],
)
def test_a_tar_header_that_takes_long_to_read_is_refused(
    tmp_path: Path, flowers: Files, fields: bytes, problem: str
) -> None:
    (tmp_path / "set.tar").write_bytes(tar_with_header(fields, flowers))
    with pytest.raises(SourceError, match=problem):
        open_source(tmp_path / "set.tar")


def test_headers_that_extend_each_other_are_refused(tmp_path: Path, flowers: Files) -> None:
    header = tar_with_header(pax_field("comment", "a" * 400), {})[:1024]
    (tmp_path / "set.tar").write_bytes(header * 500 + tar_bytes(flowers))
    with pytest.raises(SourceError, match="more than 64 KiB"):
        open_source(tmp_path / "set.tar")


@pytest.mark.parametrize(("count", "refused"), [(1000, False), (1001, True)])
def test_fields_for_all_members_are_bounded(
    tmp_path: Path, flowers: Files, count: int, refused: bool
) -> None:
    # In several headers, none of which is too long. Each member would get a copy of all fields.
    fields = [pax_field(f"key{n}", "v") for n in range(count)]
    end = tar_bytes({})
    headers = b"".join(
        tar_with_header(b"".join(fields[n : n + 300]), {}, kind=tarfile.XGLTYPE)[: -len(end)]
        for n in range(0, count, 300)
    )
    (tmp_path / "set.tar").write_bytes(headers + tar_bytes(flowers))
    if refused:
        with pytest.raises(SourceError, match="too many fields for all members"):
            open_source(tmp_path / "set.tar")
    else:
        assert len(keys(open_source(tmp_path / "set.tar"))) == len(flowers)


def test_headers_as_honest_programs_write_them_are_read(tmp_path: Path, flowers: Files) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for number, (name, data) in enumerate(flowers.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(data), 1_700_000_000.123456789
            member.pax_headers = {"comment": "x" * 10_000, "SCHILY.xattr.user.note": "ä" * number}
            packed.addfile(member, io.BytesIO(data))
    (tmp_path / "set.tar").write_bytes(buffer.getvalue())
    assert len(keys(open_source(tmp_path / "set.tar"))) == len(flowers)
