"""What is too large, or no picture, is not taken from a worker."""

from pathlib import Path

import pytest

from task2vec.errors import InputError
from task2vec.jobs.findings import Found, received_thumbnail

MEBIBYTE = 1 << 20
PNG = b"\x89PNG\r\n\x1a\n"


def found(folder: Path, data: bytes) -> Found:
    (folder / "sent").write_bytes(data)
    return Found(thumbnails={"task": folder / "sent"})


def test_a_thumbnail_may_have_a_mebibyte(tmp_path: Path) -> None:
    data = PNG.ljust(MEBIBYTE, b"x")
    assert received_thumbnail(found(tmp_path, data), "task") == data


def test_a_byte_more_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at most 1048576 bytes"):
        received_thumbnail(found(tmp_path, PNG.ljust(MEBIBYTE + 1, b"x")), "task")


def test_what_is_no_png_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a PNG"):
        received_thumbnail(found(tmp_path, b"GIF89a"), "task")


def test_none_is_none(tmp_path: Path) -> None:
    assert received_thumbnail(Found(), "task") is None
