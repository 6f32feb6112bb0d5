import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from time import sleep

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from task2vec.data.pixels.prefetch import map_ahead


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 4))
def test_the_order_is_that_of_map(delays: list[int], threads: int) -> None:
    def slow(item: tuple[int, int]) -> int:
        sleep(item[1] / 2000)
        return item[0]

    items = list(enumerate(delays))
    assert list(map_ahead(slow, items, threads=threads)) == [number for number, _ in items]


@pytest.mark.parametrize("threads", [1, 3])
def test_errors_come_out_at_their_place(threads: int) -> None:
    found = map_ahead(lambda item: 1 // item, [1, 1, 0, 1], threads=threads)
    assert [next(found), next(found)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)

    def broken() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(map_ahead(abs, broken(), threads=threads))


def test_work_runs_in_several_threads_at_once() -> None:
    meeting = threading.Barrier(3, timeout=30)
    # Each waits for two others: without them the barrier breaks.
    assert sorted(map_ahead(lambda _: meeting.wait(), range(3), threads=3)) == [0, 1, 2]


def test_only_a_few_items_are_taken_ahead_of_their_use() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    with closing(map_ahead(abs, items(), threads=2)) as found:
        for number in range(20):
            assert next(found) == number
            assert len(taken) <= number + 6


def test_who_stops_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    done = []

    def work(number: int) -> int:
        sleep(0.01)
        done.append(number)
        return number

    with closing(map_ahead(work, range(1000), threads=2)) as found:
        assert next(found) == 0
    assert threading.active_count() == before
    assert len(done) < 20


def test_an_interrupt_ends_it_soon() -> None:
    # In the background of a shell the tests have children that ignore interrupts.
    code = (
        "import signal, time\n"
        "from task2vec.data.pixels.prefetch import map_ahead\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "for number in map_ahead(lambda n: time.sleep(0.1) or n, range(100_000), threads=3):\n"
        "    print(number, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors


def test_heavy_items_are_not_taken_far_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    with closing(map_ahead(abs, items(), threads=4, weigh=lambda _: 60, most=100)) as found:
        next(found)
        assert len(taken) == 2
        assert list(found) == list(range(1, 20))
