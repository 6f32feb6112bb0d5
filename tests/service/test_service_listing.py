"""What a server does while it lists data sets: names that can be shown."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from task2vec.errors import SourceError
from task2vec.messages.datasets import StoredDataset
from task2vec.service import uploads
from task2vec.service.datasets import datasets
from task2vec.service.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path / "store") as opened:
        opened.store(create=True)
        yield opened


@pytest.fixture
def send(workspace: Workspace) -> Callable[..., StoredDataset]:
    def send(data: bytes, *, suffix: str = ".zip") -> StoredDataset:
        with uploads.begin_upload(workspace, largest=10**8) as upload:
            upload.write(data)
            upload.close()
            return datasets.accept(
                workspace, upload.path, name="sent", suffix=suffix, retention=60.0
            )

    return send


@pytest.mark.parametrize("label", ["\x1b[31mA", "b\nX", "a\u202eb", "x" * 201])
def test_classes_that_cannot_be_shown_are_refused(workspace, send, label: str) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in (label, "plain"):
            archive.writestr(f"{name}/1.png", b"x")
    with pytest.raises(SourceError, match="cannot be shown") as caught:
        send(data.getvalue())
    assert str(caught.value).isprintable()
    assert datasets.list_datasets(workspace, limit=10).items == []
    assert not list((workspace.path / "datasets").glob("*"))
