import stat
import tarfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from packed import KINDS, Files, Png, pack, tar_bytes

from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images
from task2vec.data.task import ImageEntry, Task


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
        "1 file left out, not images: .txt (1)",
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
def test_the_signature_follows_the_contents(
    tmp_path: Path, flowers: Files, png: Png, kind: str
) -> None:
    before = open_source(pack(tmp_path / f"set{kind}", flowers)).signature
    assert open_source(tmp_path / f"set{kind}").signature == before
    changed = {**flowers, "flowers/rose/1.png": png(77)}
    assert open_source(pack(tmp_path / f"set{kind}", changed)).signature != before
