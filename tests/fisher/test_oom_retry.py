from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Lock
from time import sleep

import pytest
import torch

from task2vec.errors import SettingError
from task2vec.fisher.oom_retry import OomRetry
from task2vec.fisher.parallel_batches import map_batches


def bounded(most, calls, error=torch.OutOfMemoryError):
    """Return a function that runs out of memory above a number of images."""

    def work(images, first):
        calls.append((first, len(images)))
        if len(images) > most:
            raise error("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return images.flatten(1).sum(dim=1) + 1000 * first

    return work


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
def test_halves_until_it_fits(error):
    images = torch.arange(11.0)[:, None]
    calls = []
    found = OomRetry()(images, bounded(3, calls, error))
    assert calls == [(0, 11), (0, 5), (0, 2), (2, 2), (4, 2), (6, 2), (8, 2), (10, 1)]
    assert found.tolist() == [i + 1000 * (i // 2 * 2) for i in range(11)]


def test_remembers_what_was_too_many():
    retry, calls = OomRetry(), []
    for _ in range(2):
        retry(torch.zeros(4, 1), bounded(2, calls))
    assert calls == [(0, 4), (0, 2), (2, 2), (0, 2), (2, 2)]


def test_one_image_that_does_not_fit():
    with pytest.raises(SettingError, match="one image"):
        OomRetry()(torch.zeros(4, 3, 8, 8), bounded(0, []))


def test_other_errors_pass():
    def work(images, first):
        raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="multiplied"):
        OomRetry()(torch.zeros(2, 1), work)


def test_real_allocation_failure_is_seen():
    def work(images, first):
        if len(images) > 1:
            torch.empty(2**60, dtype=torch.uint8)
        return images

    images = torch.arange(3.0)
    assert torch.equal(OomRetry()(images, work), images)


class Pool:
    """Memory for a number of images at once, of all callers together."""

    def __init__(self, size):
        self.size, self.used, self.lock = size, 0, Lock()
        self.begun = Barrier(2)
        self.together = True
        self.fitted = []

    def work(self, images, first):
        with self.lock:
            self.used += len(images)
            fits = self.used <= self.size
        try:
            if self.together:
                # The first two are at work at the same time.
                with suppress(BrokenBarrierError):
                    self.begun.wait(5)
                self.together = False
            if not fits:
                raise torch.OutOfMemoryError
            sleep(0.01)
            self.fitted.append(len(images))
            return images + first
        finally:
            with self.lock:
                self.used -= len(images)


@pytest.mark.parametrize(("size", "fitting"), [(8, {8}), (3, {2}), (1, {1})])
def test_threads_take_turns_before_their_batches_are_halved(size, fitting):
    pool, retry = Pool(size), OomRetry()
    batches = [torch.full((8, 1), 100.0 * i) for i in range(6)]
    found = list(map_batches(lambda images: retry(images, pool.work), batches, at_once=4))
    for images, got in zip(batches, found, strict=True):
        assert len(got) == 8
        assert got[0] == images[0]
    assert set(pool.fitted) == fitting


def test_one_image_that_does_not_fit_beside_others():
    pool, retry = Pool(0), OomRetry()
    batches = [torch.zeros(4, 3, 8, 8)] * 3
    with pytest.raises(SettingError, match="one image"):
        list(map_batches(lambda images: retry(images, pool.work), batches, at_once=2))
