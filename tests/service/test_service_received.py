"""What is too large, or no picture, is not taken from a worker."""

from dataclasses import replace
from pathlib import Path

import pytest
from served import embedded, end, lend, send

from task2vec.service.workspace import Workspace
from task2vec.store.jobs.record import JobRecord
from task2vec.types import JobKind, JobState

MEBIBYTE = 1 << 20
PNG = b"\x89PNG\r\n\x1a\n"


def handed_in(served: Workspace, sent: Path, data: bytes | None) -> JobRecord:
    found = embedded(sent)
    if data is None:
        found = replace(found, thumbnails={})
    else:
        found.thumbnails["task"].write_bytes(data)
    return end(served, lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id}), found)


def test_a_thumbnail_may_have_a_mebibyte(served: Workspace, sent: Path) -> None:
    data = PNG.ljust(MEBIBYTE, b"x")
    assert handed_in(served, sent, data).state is JobState.SUCCEEDED
    assert served.store().tasks.thumbnail("pets") == data


@pytest.mark.parametrize(
    ("data", "words"),
    [(PNG.ljust(MEBIBYTE + 1, b"x"), "at most 1048576 bytes"), (b"GIF89a", "a PNG")],
    ids=["a byte more", "no PNG"],
)
def test_another_is_refused(served: Workspace, sent: Path, data: bytes, words: str) -> None:
    failed = handed_in(served, sent, data)
    assert failed.error is not None
    assert words in (failed.error.expected or "")


def test_none_is_none(served: Workspace, sent: Path) -> None:
    assert handed_in(served, sent, None).state is JobState.SUCCEEDED
    assert served.store().tasks.thumbnail("pets") is None
