"""Real image files to open, and a process without privileges."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

Files = Mapping[str, bytes]


@pytest.fixture(scope="session")
def png() -> Callable[[int], bytes]:
    """Give a small PNG whose every pixel tells its number (below 65,536)."""

    def encode(number: int) -> bytes:
        buffer = BytesIO()
        Image.new("RGB", (3, 2), (number % 256, number // 256, 7)).save(buffer, "PNG")
        return buffer.getvalue()

    return encode


@pytest.fixture
def write() -> Callable[[Path, Files], Path]:
    """Give a function that writes files below a folder and returns the folder."""

    def to_disk(root: Path, files: Files) -> Path:
        root.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        return root

    return to_disk


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """Give a folder whose permissions bind also where the tests run as root."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            if root:
                os.seteuid(0)


@pytest.fixture
def flowers(png: Callable[[int], bytes]) -> dict[str, bytes]:
    """Two classes of three images, in no order."""
    names = ["tulip/2.png", "rose/3.png", "rose/1.png", "tulip/1.png", "rose/2.png", "tulip/3.png"]
    return {f"flowers/{name}": png(i) for i, name in enumerate(names)}
