"""Files that are parsed in processes of their own: within limits, and with the same answers."""

import bz2
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import pytest
from hostile.damaged import whole_files
from hostile.sent import Member, images_with, short_lines, slow_images, zeros
from hostile.watch import children, descendants

from task2vec.errors import (
    InputError,
    InternalError,
    OverloadedError,
    SourceError,
    StateError,
    TooLargeError,
)
from task2vec.service.parsing import confined
from task2vec.service.parsing.confined import Confinement, ParsingLimits
from task2vec.service.parsing.parsers import Parser, parse

MIB = 2**20
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")
LIMITS = ParsingLimits(memory=128 * MIB, cpu_seconds=20, seconds=60.0)


@pytest.fixture(scope="module")
def confinement() -> Iterator[Confinement]:
    made = Confinement(LIMITS)
    yield made
    made.close()


def put(folder: Path, data: bytes, suffix: str = ".zip") -> dict[str, str]:
    path = folder / f"set{suffix}"
    path.write_bytes(data)
    return {"path": str(path), "name": "sent", "suffix": suffix}


def endless(folder: Path) -> dict[str, str]:
    """Return a tar that takes many seconds to unpack: bzip2 of noise."""
    noise = os.urandom(2**20)
    packed = bz2.compress(b"".join([_header(100 * MIB), noise]), 9)
    return put(folder, packed * 100, ".tar.bz2")


def _header(size: int) -> bytes:
    member = tarfile.TarInfo("a/1.png")
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT)


def slow(folder: Path) -> dict[str, str]:
    """Return a sound set of images that takes about a third of a second to list."""
    return put(folder, slow_images(150 * MIB), ".tar.gz")


def hosts() -> set[int]:
    """Return the processes that start readers; other tests of this process may have others."""
    commands = {each: Path(f"/proc/{each}/cmdline") for each in children(os.getpid())}
    return {each for each, path in commands.items() if b"confined_host" in _bytes_of(path)}


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@contextmanager
def killing(most: int, *, whole: bool = False) -> Iterator[list[int]]:
    """Kill up to ``most`` processes that parse, as a machine does that is short of memory.

    Of a ``whole`` host, that which starts them, instead.
    """
    killed: list[int] = []
    ended = Event()

    def kill() -> None:
        while not ended.is_set() and len(killed) < most:
            for host in hosts():
                at_work = set(children(host))
                for victim in ({host} if whole and at_work else at_work) - set(killed):
                    with suppress(ProcessLookupError):
                        os.kill(victim, signal.SIGKILL)
                        killed.append(victim)
            time.sleep(0.002)

    killer = Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        ended.set()
        killer.join()


@linux
def test_a_file_whose_reader_was_killed_from_outside_is_read_again(
    confinement: Confinement, tmp_path: Path
) -> None:
    given = slow(tmp_path)
    with killing(1) as killed:
        assert confinement.run(Parser.LABELLED, given)[:2] == [4, 2]
    assert len(killed) == 1


@linux
@pytest.mark.parametrize("whole", [False, True])
def test_a_file_whose_reader_is_killed_again_is_not_called_damaged(
    confinement: Confinement, tmp_path: Path, whole: bool
) -> None:
    given = slow(tmp_path)
    with (
        killing(2, whole=whole) as killed,
        pytest.raises(OverloadedError, match=r"killed.*Retry-After") as told,
    ):
        confinement.run(Parser.LABELLED, given)
    assert len(killed) == 2
    assert told.value.retry_after >= 1
    assert confinement.run(Parser.LABELLED, given)[:2] == [4, 2]


CONFINED = """
import errno, sys
from task2vec.service.parsing import confined_host
confined_host._confine({"cpu_seconds": 20, "memory": 2**28}, __import__("os").getppid())
with open(sys.argv[1], "wb", buffering=0) as file:
    try:
        file.write(b"x")
    except OSError as error:
        sys.exit(0 if error.errno == errno.EFBIG else 1)
sys.exit(2)
"""


def test_a_confined_process_can_write_no_file(tmp_path: Path) -> None:
    target = tmp_path / "written"
    done = subprocess.run([sys.executable, "-c", CONFINED, str(target)], check=False)
    assert (done.returncode, target.read_bytes()) == (0, b"")


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz", ".npz", ".parquet"])
def test_the_answer_is_that_of_the_parser(
    confinement: Confinement, tmp_path: Path, suffix: str
) -> None:
    given = put(tmp_path, whole_files()[f"set{suffix}"], suffix)
    images, classes, warnings = parse(Parser.LABELLED, dict(given))
    assert confinement.run(Parser.LABELLED, given) == [images, classes, list(warnings)]
    assert (images, classes) == (4, 2)


def test_an_error_comes_out_as_the_same_error(confinement: Confinement, tmp_path: Path) -> None:
    given = put(tmp_path, b"no archive")
    with pytest.raises(SourceError) as expected:
        parse(Parser.LABELLED, dict(given))
    with pytest.raises(SourceError) as caught:
        confinement.run(Parser.LABELLED, given)
    assert str(caught.value) == str(expected.value)
    with pytest.raises(InputError, match="no embedding"):
        confinement.run(Parser.EMBEDDING, {"path": given["path"]})


def test_what_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    narrow = Confinement(ParsingLimits(memory=32 * MIB, cpu_seconds=5, seconds=60.0))
    try:
        with pytest.raises(TooLargeError, match=r"more than 32 MiB of memory.*show-settings"):
            narrow.run(Parser.LABELLED, put(tmp_path, short_lines(3_000_000)))
        # The next file is read by another child.
        assert narrow.run(Parser.LABELLED, put(tmp_path, whole_files()["set.zip"]))[0] == 4
    finally:
        narrow.close()


@linux
@pytest.mark.parametrize("action", [signal.SIG_DFL, signal.SIG_IGN], ids=["told", "killed"])
def test_what_takes_too_much_processor_time_is_ended(tmp_path: Path, action: object) -> None:
    # Where its signal is ignored, the system ends the process at the hard limit, a second later.
    usual = signal.signal(signal.SIGXCPU, action)
    short = Confinement(ParsingLimits(memory=256 * MIB, cpu_seconds=1, seconds=60.0))
    try:
        with pytest.raises(TooLargeError, match="more than 1 s of processor time"):
            short.run(Parser.LABELLED, endless(tmp_path))
    finally:
        signal.signal(signal.SIGXCPU, usual)
        short.close()


def test_a_reader_that_cannot_start_is_a_fault_of_the_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(confined, "_HOST", "task2vec.service.not_there")
    broken = Confinement(LIMITS)
    with pytest.raises(InternalError, match="ended by itself"):
        broken.run(Parser.LABELLED, put(tmp_path, whole_files()["set.zip"]))


def test_what_takes_too_long_is_killed(tmp_path: Path) -> None:
    short = Confinement(ParsingLimits(memory=256 * MIB, cpu_seconds=60, seconds=0.2))
    before = hosts()
    try:
        with pytest.raises(TooLargeError, match=r"more than 0\.2 s to read"):
            short.run(Parser.LABELLED, endless(tmp_path))
        (host,) = hosts() - before
        assert children(host) == []
    finally:
        short.close()


@linux
def test_the_end_does_not_wait_for_a_file_that_is_read(tmp_path: Path) -> None:
    made = Confinement(LIMITS)
    given = endless(tmp_path)
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(made.run, Parser.LABELLED, given)
        until = time.monotonic() + 30
        while not any(map(children, hosts())) and time.monotonic() < until:
            time.sleep(0.01)
        begun = time.monotonic()
        made.close()
        with pytest.raises(StateError, match="stopping"):
            reading.result()
        assert time.monotonic() - begun < 5


def test_nothing_secret_reaches_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASK2VEC_API_KEY", "t2v_secret")
    assert not [name for name in confined._environment() if "KEY" in name or "TASK2VEC" in name]


@linux
def test_children_are_forked_from_a_process_without_threads(
    confinement: Confinement, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow")
    confinement.run(Parser.LABELLED, put(tmp_path, images_with()))
    found = {host: len(list(Path(f"/proc/{host}/task").iterdir())) for host in hosts()}
    assert set(found.values()) == {1}, found


@linux
def test_it_dies_with_the_server(tmp_path: Path) -> None:
    given = endless(tmp_path)
    code = (
        "import json, sys\n"
        "from task2vec.service.parsing.confined import Confinement, ParsingLimits\n"
        "limits = ParsingLimits(memory=2**28, cpu_seconds=60, seconds=60.0)\n"
        "Confinement(limits).run('labelled', json.loads(sys.argv[1]))\n"
    )
    server = subprocess.Popen([sys.executable, "-c", code, json.dumps(given)])
    below: list[int] = []
    until = time.monotonic() + 30
    while len(below) < 2 and time.monotonic() < until:
        below = descendants(server.pid)
        time.sleep(0.02)
    server.kill()
    server.wait()
    assert len(below) == 2
    while any(map(_runs, below)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(_runs, below))


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"


def test_no_error_names_the_file_on_this_machine(confinement: Confinement, tmp_path: Path) -> None:
    packed = zeros(10_000, zipfile.ZIP_BZIP2)
    lying = images_with(Member("labels.csv", packed, zipfile.ZIP_BZIP2, 100))
    with pytest.raises(SourceError, match="more than its declared size") as caught:
        confinement.run(Parser.LABELLED, put(tmp_path, lying))
    assert str(tmp_path) not in str(caught.value)
