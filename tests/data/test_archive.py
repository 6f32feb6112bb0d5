import bz2
import gzip
import io
import lzma
import stat
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from task2vec.data import archive, archive_tar, archive_zip
from task2vec.data.open import open_source
from task2vec.data.sample import all_images, draw_sample
from task2vec.data.task import ImageEntry, Task
from task2vec.errors import SourceError

Png = Callable[[int], bytes]
Files = Mapping[str, bytes]

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".tar": bytes,
    ".tar.gz": gzip.compress,
    ".tgz": gzip.compress,
    ".tar.bz2": bz2.compress,
    ".tar.xz": lzma.compress,
}
KINDS = [".zip", *PACKERS]


def tar_bytes(files: Files, *extra: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for member in extra:
            tar.addfile(member)
    return buffer.getvalue()


def zip_bytes(files: Files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return buffer.getvalue()


def pack(path: Path, files: Files) -> Path:
    suffix = "".join(path.suffixes)
    data = zip_bytes(files) if suffix == ".zip" else PACKERS[suffix](tar_bytes(files))
    path.write_bytes(data)
    return path


@pytest.fixture
def flowers(png: Png) -> dict[str, bytes]:
    """Two classes of three images, in no order."""
    names = ["tulip/2.png", "rose/3.png", "rose/1.png", "tulip/1.png", "rose/2.png", "tulip/3.png"]
    return {f"flowers/{name}": png(i) for i, name in enumerate(names)}


def keys(task: Task) -> list[str]:
    return [entry.key for entry in task.entries]


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_is_the_folder_that_was_packed(
    tmp_path: Path, flowers: Files, kind: str
) -> None:
    task = open_source(pack(tmp_path / f"set{kind}", flowers))
    assert task.name == "set"
    assert task.warnings == ()
    assert task.classes == ("rose", "tulip")
    assert task.entries == tuple(
        ImageEntry(key, int("tulip" in key), None) for key in sorted(flowers)
    )
    # The order of reading is that of the archive.
    assert list(task.reader.read(set(flowers))) == list(flowers.items())
    some = ["flowers/tulip/1.png", "flowers/tulip/2.png"]
    assert list(task.reader.read(some)) == [(key, flowers[key]) for key in reversed(some)]


@pytest.mark.parametrize("kind", KINDS)
def test_folder_and_archive_give_the_same_sample(
    tmp_path: Path,
    flowers: Files,
    kind: str,
    write: Callable[[Path, Files], Path],
) -> None:
    unpacked = open_source(write(tmp_path / "folder", flowers))
    packed = open_source(pack(tmp_path / f"set{kind}", flowers))
    samples = [
        draw_sample(task, images=4, seed=3, transform=np.asarray) for task in (unpacked, packed)
    ]
    assert samples[0].keys == samples[1].keys
    assert samples[0].digests == samples[1].digests
    assert samples[0].content_hash == samples[1].content_hash
    np.testing.assert_array_equal(samples[0].images, samples[1].images)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_written(
    tmp_path: Path, flowers: Files, png: Png, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("here", "temporary", "source"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    absolute = str(tmp_path / "absolute.png")
    hostile = {**flowers, "../escaped.png": png(8), absolute: png(9), "flowers/../../up.png": b"x"}
    path = pack(tmp_path / "source" / f"set{kind}", hostile)
    before = sorted(tmp_path.rglob("*"))
    task = open_source(path)
    all_images(task, transform=np.asarray)
    assert sorted(tmp_path.rglob("*")) == before
    assert keys(task) == sorted(flowers)
    assert task.warnings == (
        "3 entries left out (name leads out of the archive): "
        f"{', '.join(sorted(['../escaped.png', absolute, 'flowers/../../up.png']))}",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_members_and_other_types_are_counted(
    tmp_path: Path, flowers: Files, kind: str
) -> None:
    extra = {"__MACOSX/flowers/._1.png": b"x", "flowers/.DS_Store": b"x", "flowers/a.txt": b"x"}
    task = open_source(pack(tmp_path / f"set{kind}", {**flowers, **extra}))
    assert keys(task) == sorted(flowers)
    assert task.warnings == (
        "2 hidden or system entries ignored, such as __MACOSX",
        "1 file not tried, being of other types than images: .txt (1)",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_names_in_plain_form_and_in_any_script(tmp_path: Path, png: Png, kind: str) -> None:
    files = {
        "./rosé/日本語 😀.png": png(1),
        f"tulip//{'x' * 300}.png": png(2),
        "tulip/ros\u0301e.png": png(3),
    }
    task = open_source(pack(tmp_path / f"set{kind}", files))
    expected = {
        "rosé/日本語 😀.png": png(1),
        f"tulip/{'x' * 300}.png": png(2),
        "tulip/ros\u0301e.png": png(3),
    }
    assert dict(task.reader.read(keys(task))) == expected


def test_of_members_with_one_name_the_last_counts(tmp_path: Path, png: Png, flowers: Files) -> None:
    path = pack(tmp_path / "set.zip", flowers)
    with (
        warnings.catch_warnings(action="ignore", category=UserWarning),
        zipfile.ZipFile(path, "a") as packed,
    ):
        packed.writestr("flowers/rose/1.png", png(99))
    (tmp_path / "set.tar").write_bytes(
        # Two archives one after the other, without the blocks that end the first.
        tar_bytes(flowers).rstrip(b"\0").ljust(6 * 1024, b"\0")
        + tar_bytes({"flowers/rose/1.png": png(99)})
    )
    for suffix in (".zip", ".tar"):
        task = open_source(tmp_path / f"set{suffix}")
        assert dict(task.reader.read(["flowers/rose/1.png"])) == {"flowers/rose/1.png": png(99)}
        assert task.warnings == ("1 entry left out (name occurs again later): flowers/rose/1.png",)


def test_links_and_devices_in_a_tar_are_not_followed(tmp_path: Path, flowers: Files) -> None:
    members = []
    for name, kind in [
        ("sym", tarfile.SYMTYPE),
        ("hard", tarfile.LNKTYPE),
        ("dev", tarfile.CHRTYPE),
        ("pipe", tarfile.FIFOTYPE),
    ]:
        member = tarfile.TarInfo(f"flowers/rose/{name}.png")
        member.type = kind
        member.linkname = "/etc/passwd"
        members.append(member)
    (tmp_path / "set.tar").write_bytes(tar_bytes(flowers, *members))
    task = open_source(tmp_path / "set.tar")
    assert keys(task) == sorted(flowers)
    assert task.warnings == (
        "2 entries left out (link, not followed): flowers/rose/hard.png, flowers/rose/sym.png",
        "2 entries left out (neither file nor folder): flowers/rose/dev.png, flowers/rose/pipe.png",
    )


def test_links_in_a_zip_are_not_followed(tmp_path: Path, flowers: Files) -> None:
    pack(tmp_path / "set.zip", flowers)
    link = zipfile.ZipInfo("flowers/rose/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "set.zip", "a") as packed:
        packed.writestr(link, "/etc/passwd")
    task = open_source(tmp_path / "set.zip")
    assert keys(task) == sorted(flowers)
    assert task.warnings == ("1 entry left out (link, not followed): flowers/rose/link.png",)


def test_separators_of_old_windows_tools_are_understood(tmp_path: Path, png: Png) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as packed:
        for number, name in enumerate(["rose\\1.png", "tulip\\2.png"]):
            info = zipfile.ZipInfo(name)
            info.create_system = 0
            packed.writestr(info, png(number))
    task = open_source(tmp_path / "set.zip")
    assert dict(task.reader.read(keys(task))) == {"rose/1.png": png(0), "tulip/2.png": png(1)}


def test_empty_class_folders_are_reported(tmp_path: Path, flowers: Files) -> None:
    folder = tarfile.TarInfo("flowers/daisy")
    folder.type = tarfile.DIRTYPE
    (tmp_path / "set.tar").write_bytes(tar_bytes(flowers, folder))
    pack(tmp_path / "set.zip", {**flowers, "flowers/daisy/": b""})
    for suffix in (".tar", ".zip"):
        assert open_source(tmp_path / f"set{suffix}").warnings == (
            "1 class folder without images: daisy",
        )


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
    sample = all_images(open_source(path), transform=np.asarray)
    assert sample.warnings == (
        "1 of 6 images tried could not be read: flowers/tulip/2.png (encrypted)",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_members_beyond_the_size_of_an_image_are_unreadable(
    tmp_path: Path, flowers: Files, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / f"set{kind}", {**flowers, "flowers/rose/big.png": bytes(3 * 2**20)})
    monkeypatch.setattr(archive_zip, "MAX_IMAGE_BYTES", 2**20)
    monkeypatch.setattr(archive_tar, "MAX_IMAGE_BYTES", 2**20)
    sample = all_images(open_source(path), transform=np.asarray)
    assert sample.warnings == (
        "1 of 7 images tried could not be read: flowers/rose/big.png (larger than 1 MiB)",
    )


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != ".tar"])
def test_an_archive_that_expands_absurdly_is_refused(
    tmp_path: Path, flowers: Files, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / f"bomb{kind}", {**flowers, "flowers/zeros.bin": bytes(4 * 2**20)})
    assert open_source(path).classes == ("rose", "tulip")
    monkeypatch.setattr(archive, "FREE_EXPANSION_BYTES", 2**20)
    with pytest.raises(SourceError, match="decompression bomb"):
        open_source(path)


@pytest.mark.parametrize("kind", KINDS)
def test_absurdly_many_members_are_refused(
    tmp_path: Path, flowers: Files, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / f"set{kind}", flowers)
    monkeypatch.setattr(archive, "MAX_MEMBERS", 6)
    assert len(open_source(path).entries) == 6
    monkeypatch.setattr(archive, "MAX_MEMBERS", 5)
    with pytest.raises(SourceError, match="too many members"):
        open_source(path)


def test_a_zip_that_declares_a_huge_directory_is_refused_before_it_is_read(
    tmp_path: Path, flowers: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / "set.zip", flowers)
    monkeypatch.setattr(archive_zip, "MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(SourceError, match="its directory is too large"):
        open_source(path)


@pytest.mark.parametrize("size", [2**40, -1024])
def test_a_tar_header_of_absurd_size_neither_fills_the_memory_nor_loops(
    tmp_path: Path, flowers: Files, size: int
) -> None:
    header = tarfile.TarInfo("flowers/rose/pax")
    header.type = tarfile.XHDTYPE
    header.size = size
    evil = header.tobuf(tarfile.GNU_FORMAT)
    (tmp_path / "set.tar").write_bytes(tar_bytes(flowers)[: 6 * 1024] + evil + bytes(4096))
    with pytest.raises(SourceError, match="damaged, incomplete"):
        open_source(tmp_path / "set.tar")


def test_a_tar_member_of_negative_size_does_not_loop(tmp_path: Path, flowers: Files) -> None:
    member = tarfile.TarInfo("flowers/rose/loop.png")
    member.size = -2048
    evil = member.tobuf(tarfile.GNU_FORMAT)
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


@pytest.mark.parametrize("kind", KINDS)
def test_the_signature_follows_the_contents(
    tmp_path: Path, flowers: Files, png: Png, kind: str
) -> None:
    before = open_source(pack(tmp_path / f"set{kind}", flowers)).signature
    assert open_source(tmp_path / f"set{kind}").signature == before
    changed = {**flowers, "flowers/rose/1.png": png(77)}
    assert open_source(pack(tmp_path / f"set{kind}", changed)).signature != before
