"""Images of many pixels: one at a time in memory, with the same pixels as ever."""

import subprocess
import sys
import threading
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from task2vec.data.pixels import decode as decoding
from task2vec.data.pixels.decode import decode, image_of, pixel_digest

MEASURED = """
import sys
from pathlib import Path
from PIL import Image
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images
task = open_source(sys.argv[1])
Path("/proc/self/clear_refs").write_text("5")
sample = all_images(task, transform=lambda image: image.resize((64, 64)))
lines = Path("/proc/self/status").read_text().splitlines()
print(len(sample.images), next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""


def png(size: tuple[int, int], mode: str = "RGB", seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 4), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels, "RGBA").convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_two_large_images_take_the_memory_of_one(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        image = Image.new("RGBA", (6_300, 6_300), (1, 2, 3, 4))
        image.save(tmp_path / label / "1.png", compress_level=1)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path)], capture_output=True, check=True, text=True
    )
    images, kibibytes = map(int, done.stdout.split())
    assert images == 2
    # Half of what is documented for images of 80 megapixels; both at once would take 0.7e9.
    assert kibibytes * 1024 <= 0.6e9


def test_one_large_image_at_a_time_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "LARGE_PIXELS", 1_000)
    inside: list[int] = []
    most = {"large": 0, "small": 0}

    def look(data: bytes, kind: str) -> None:
        with image_of(data):
            inside.append(1)
            most[kind] = max(most[kind], len(inside))
            time.sleep(0.2)
            inside.pop()

    for kind, size in (("large", (40, 40)), ("small", (20, 20))):
        threads = [threading.Thread(target=look, args=(png(size), kind)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most["large"] == 1
    assert most["small"] > 1


def test_strips_give_the_pixels_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [png((37, 23), mode) for mode in ("RGB", "RGBA", "LA", "L")]
    wide = BytesIO()
    Image.fromarray(np.arange(851, dtype=np.uint16).reshape(23, 37) * 77).save(wide, "PNG")
    images.append(wide.getvalue())
    whole = [decode(data) for data in images]
    digests = [pixel_digest(image) for image in whole]
    monkeypatch.setattr(decoding, "_STRIP_PIXELS", 100)
    for data, image, digest in zip(images, whole, digests, strict=True):
        found = decode(data)
        np.testing.assert_array_equal(np.asarray(found), np.asarray(image))
        assert pixel_digest(found) == digest
