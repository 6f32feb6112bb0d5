"""What was downloaded is kept by its hash, as long as there is room."""

import os
import subprocess
import sys
from contextlib import contextmanager
from hashlib import sha256

import pytest

from task2vec.errors import ServiceError, TooLargeError
from task2vec.worker.downloads import Downloads


class Source:
    """Bytes to download, and how often they were."""

    def __init__(self, data, *, sent=None):
        self.digest = sha256(data).hexdigest()
        self.size = len(data)
        self._sent = data if sent is None else sent
        self.opened = 0
        self.told = []

    @contextmanager
    def open(self):
        self.opened += 1
        yield [self._sent[first : first + 4] for first in range(0, len(self._sent), 4)]


@pytest.fixture
def downloads(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = Downloads(most=20)
    yield found
    found.close()
    assert not found.folder.exists()


def get(downloads, source, **options):
    settings = {"size": source.size, "suffix": ".zip", **options}
    return downloads.get(
        source.digest, fetch=source.open, progress=lambda *b: source.told.append(b), **settings
    )


def test_a_file_is_downloaded_once(downloads):
    source = Source(b"0123456789")
    path = get(downloads, source)
    assert path.read_bytes() == b"0123456789"
    assert path.name == f"{source.digest}.zip"
    assert source.told == [(4, 10), (8, 10), (10, 10)]
    assert get(downloads, source) == path
    assert source.opened == 1


def test_the_least_recently_used_makes_room(downloads):
    a, b, c = (Source(bytes([letter]) * 8) for letter in b"abc")
    kept, gone = get(downloads, a), get(downloads, b)
    get(downloads, a)
    new = get(downloads, c)
    assert kept.exists()
    assert new.exists()
    assert not gone.exists()
    get(downloads, b)
    assert b.opened == 2


@pytest.mark.parametrize("sent", [b"0123456780", b"01234", b""])
def test_what_is_not_what_was_promised_is_not_kept(downloads, sent):
    source = Source(b"0123456789", sent=sent)
    with pytest.raises(ServiceError, match="damaged on its way"):
        get(downloads, source)
    assert list(downloads.folder.iterdir()) == []


@pytest.mark.parametrize("size", [10, None])
def test_no_more_is_taken_than_there_may_be(downloads, size):
    source = Source(b"0123456789", sent=b"0123456789" * 100)
    with pytest.raises(TooLargeError):
        get(downloads, source, size=size)
    assert source.told[-1][0] <= 20
    assert list(downloads.folder.iterdir()) == []


def test_what_cannot_fit_is_not_begun(downloads):
    source = Source(b"x" * 21)
    with pytest.raises(TooLargeError, match="room of this worker"):
        get(downloads, source)
    assert source.opened == 0


def test_the_folders_of_killed_workers_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    orphan = tmp_path / f"task2vec-worker-{int(ended.stdout)}-abc"
    ours = tmp_path / f"task2vec-worker-{os.getpid()}-abc"
    other = tmp_path / "task2vec-worker-x-abc"
    for folder in (orphan, ours, other):
        folder.mkdir()
    Downloads().close()
    assert sorted(tmp_path.iterdir()) == sorted([ours, other])


@pytest.mark.parametrize(
    ("digest", "suffix"),
    [
        ("../outside", ".zip"),
        ("A" * 64, ".zip"),
        ("0" * 63, ".zip"),
        ("0" * 64 + "\n", ".zip"),
        ("0" * 64, "/../../outside"),
        ("0" * 64, ".zip/../x"),
        ("0" * 64, ".zip\n"),
        ("0" * 64, ""),
    ],
)
def test_what_a_server_says_leads_out_of_no_folder(downloads, digest, suffix, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    source = Source(b"01234567")
    with pytest.raises(ServiceError, match="names a file"):
        downloads.get(digest, size=8, suffix=suffix, fetch=source.open, progress=lambda *_: None)
    assert source.opened == 0
    assert sorted(tmp_path.rglob("*")) == before
