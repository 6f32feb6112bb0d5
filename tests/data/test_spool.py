import errno
import gc
import os
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.sampling.sample import draw_sample
from task2vec.data.sampling.spool import Pixels, PixelSpool, Reordered, draw_spooled
from task2vec.data.task import Task
from task2vec.errors import SettingError, SourceError

SHAPE = (4, 4, 3)
BYTES = 48


def picture(number: int) -> Pixels:
    return np.random.default_rng(number).integers(0, 256, SHAPE, dtype=np.uint8)


@given(
    st.integers(0, 12),
    st.integers(0, 12 * BYTES),
    st.lists(st.integers(0, 11), max_size=20),
)
def test_every_image_comes_back_as_a_list_would_give_it(
    count: int, budget: int, order: list[int]
) -> None:
    spool = PixelSpool(budget)
    expected = [picture(number) for number in range(count)]
    assert [spool.add(pixels) for pixels in expected] == list(range(count))
    order = [number for number in order if number < count]
    images = Reordered(spool, order)
    np.testing.assert_array_equal(list(images), [expected[number] for number in order])
    np.testing.assert_array_equal(list(images[1:3]), [expected[n] for n in order[1:3]])
    with pytest.raises(IndexError):
        spool[count]
    with pytest.raises(IndexError):
        spool[-1]


def test_reading_between_writes_disturbs_neither() -> None:
    spool = PixelSpool(BYTES)
    for number in range(6):
        spool.add(picture(number))
        np.testing.assert_array_equal(spool[number // 2], picture(number // 2))
    np.testing.assert_array_equal(spool[5], picture(5))


def test_several_threads_may_add_and_read() -> None:
    spool = PixelSpool(10 * BYTES)

    def there_and_back(number: int) -> bool:
        return bool((spool[spool.add(picture(number))] == picture(number)).all())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(there_and_back, range(200)))


def test_pixels_beyond_the_budget_take_no_memory() -> None:
    spool = PixelSpool(10 * 30_000)
    tracemalloc.start()
    for _ in range(200):
        spool.add(np.zeros((100, 100, 3), dtype=np.uint8))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Of six million bytes no more than the budget, a buffer and small change.
    assert held < 500_000


def test_other_layouts_in_memory_keep_their_pixels() -> None:
    turned = picture(0).transpose(1, 0, 2)
    spool = PixelSpool(0)
    np.testing.assert_array_equal(spool[spool.add(turned)], turned)


def test_no_file_is_made_while_the_budget_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    spool = PixelSpool(2 * BYTES)
    spool.add(picture(0))
    spool.add(picture(1))
    with pytest.raises(AssertionError):
        spool.add(picture(2))


def test_the_file_is_closed_with_the_spool(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    original: Callable[..., object] = tempfile.TemporaryFile

    def remember(**how: object) -> object:
        made.append(original(**how))
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", remember)
    spool = PixelSpool(0)
    spool.add(picture(0))
    assert not made[0].closed  # type: ignore[attr-defined]
    del spool
    gc.collect()
    assert made[0].closed  # type: ignore[attr-defined]


def test_a_killed_process_leaves_nothing_behind(tmp_path: Path) -> None:
    code = (
        "import numpy, os, signal\n"
        "from task2vec.data.sampling.spool import PixelSpool\n"
        "spool = PixelSpool(0)\n"
        "spool.add(numpy.zeros((100, 100, 3), dtype=numpy.uint8))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == -9
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_error_with_a_remedy() -> None:
    spool = PixelSpool(0)
    spool._file = Path("/dev/full").open("r+b")  # noqa: SIM115
    with pytest.raises(SourceError, match="temporary folder") as caught:
        spool.add(picture(0))
    assert caught.value.got == os.strerror(errno.ENOSPC).lower()
    assert "TMPDIR" in str(caught.value.remedy)


def test_other_shapes_and_budgets_are_refused() -> None:
    spool = PixelSpool()
    spool.add(picture(0))
    with pytest.raises(SettingError, match="differ in shape"):
        spool.add(np.zeros((4, 5, 3), dtype=np.uint8))
    with pytest.raises(SettingError, match="out of range"):
        PixelSpool(-1)


@pytest.fixture(scope="module")
def task() -> Task:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), dtype=np.uint8)
    return task_from_arrays(images, [number % 3 for number in range(60)], name="noise")


def halved(image: Image.Image) -> Pixels:
    return np.asarray(image.resize((4, 4)))


@pytest.mark.parametrize("budget", [0, 10 * 48, 10**6])
def test_a_spooled_sample_is_the_one_that_is_drawn_in_memory(task: Task, budget: int) -> None:
    expected = draw_sample(task, images=31, seed=4, transform=halved)
    told: list[tuple[int, int]] = []
    found = draw_spooled(
        task,
        images=31,
        seed=4,
        transform=halved,
        budget=budget,
        progress=lambda *step: told.append(step),
    )
    np.testing.assert_array_equal(found.images, expected.images)
    np.testing.assert_array_equal(found.labels, expected.labels)
    for name in ("keys", "digests", "classes", "content_hash", "warnings", "likelihood"):
        assert getattr(found, name) == getattr(expected, name)
    assert told[-1] == (31, 31)


def test_a_part_of_a_spooled_sample_can_be_taken(task: Task) -> None:
    found = draw_spooled(task, images=12, seed=0, transform=halved, budget=0)
    whole = list(found.images)
    np.testing.assert_array_equal(found.images[3:7], whole[3:7])
    np.testing.assert_array_equal(found.images[-1], whole[-1])
    assert len(found.images[20:]) == 0
