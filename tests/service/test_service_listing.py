"""What a server does while it lists data sets: one at a time in memory, names that can be shown."""

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from task2vec.data import open as opening
from task2vec.errors import SourceError
from task2vec.service import datasets, uploads
from task2vec.service.workspace import Workspace
from task2vec.types import DatasetRecord


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path / "store") as opened:
        opened.store(create=True)
        yield opened


@pytest.fixture
def send(workspace: Workspace) -> Callable[..., DatasetRecord]:
    def send(data: bytes, *, suffix: str = ".zip") -> DatasetRecord:
        with uploads.begin_upload(workspace, largest=10**8) as upload:
            upload.write(data)
            upload.close()
            return datasets.accept(
                workspace, upload.path, name="sent", suffix=suffix, retention=60.0
            )

    return send


def test_arrays_of_two_uploads_are_never_in_memory_together(
    workspace, send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, inside, most = opening.open_source, [], []

    def watched(path: Path, **more):
        inside.append(path)
        most.append(len(inside))
        time.sleep(0.05)
        found = listed(path, **more)
        inside.remove(path)
        return found

    monkeypatch.setattr(opening, "open_source", watched)
    archives = []
    for number in range(4):
        images = np.full((4, 8, 8), number, np.uint8)
        np.savez(tmp_path / "a.npz", images=images, labels=np.arange(4) % 2)
        archives.append((tmp_path / "a.npz").read_bytes())
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda data: send(data, suffix=".npz"), archives))

    assert [record.images for record in found] == [4] * 4
    assert most == [1] * 4


@pytest.mark.parametrize("label", ["\x1b[31mA", "b\nX", "a\u202eb", "x" * 201])
def test_classes_that_cannot_be_shown_are_refused(workspace, send, label: str) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in (label, "plain"):
            archive.writestr(f"{name}/1.png", b"x")
    with pytest.raises(SourceError, match="cannot be shown") as caught:
        send(data.getvalue())
    assert str(caught.value).isprintable()
    assert datasets.list_datasets(workspace, limit=10).records == ()
    assert not list((workspace.path / "datasets").glob("*"))
