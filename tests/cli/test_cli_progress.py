"""How far long work is, on stderr: bars on a terminal, plain lines in logs, silence when short."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest
from command import Cli
from rich.console import Console
from small_expert import add_expert, expert_file
from small_store import USED, SmallStore

from task2vec.cli import progress
from task2vec.cli.output import messages
from task2vec.cli.progress import (
    UPLOADING,
    ProgressLines,
    bars,
    fit_bar,
    item_bars,
    passing,
    stages_bar,
    work_bar,
)
from task2vec.messages.jobs import Progress as Work


class Log:
    """Lines of progress by a clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._file = io.StringIO()
        console = Console(file=self._file, get_time=lambda: self.now, soft_wrap=True)
        self.progress = ProgressLines(console, patience=10, repeated=30)

    def at(self, seconds: float) -> list[str]:
        """Return the lines printed at this many seconds after the start."""
        self.now = 1000 + seconds
        self._file.truncate(0)
        self._file.seek(0)
        self.progress.look()
        return self._file.getvalue().splitlines()


def test_of_a_step_that_is_over_nothing_more_is_told() -> None:
    """Even if it ended before all that its bar had foreseen."""
    log = Log()
    log.progress.add_task("tasks", total=3)
    with passing(log.progress):
        stages_bar(log.progress, "fine-tuning roses")("fold 3 of 3", 2133, 2998)
        assert log.at(10) == [
            "tasks: 0 of 3; fine-tuning roses: fold 3 of 3: 2,133 of 2,998 images"
        ]
    assert log.at(20) == ["tasks: 0 of 3"]


def test_a_line_tells_a_new_stage_and_others_how_far_it_is_now_and_then() -> None:
    log = Log()
    tell = work_bar(log.progress, "birds")
    tell(Work(stage="features", done=1, total=1200))
    assert log.at(9) == []
    tell(Work(stage="features", done=50, total=1200))
    assert log.at(10) == ["birds: features: 50 of 1,200 images"]
    assert log.at(39) == []
    assert log.at(40) == ["birds: features: 50 of 1,200 images"]
    tell(Work(stage="fisher", done=7, total=1200, standard_error=0.5))
    assert log.at(49) == []
    tell(Work(stage="fisher", done=8, total=1200, standard_error=0.25))
    assert log.at(50) == ["birds: Fisher information, standard error 0.250: 8 of 1,200 images"]
    tell(Work(stage="fisher", done=9, total=1200, standard_error=0.125))
    assert log.at(79) == []
    assert log.at(80) == ["birds: Fisher information, standard error 0.125: 9 of 1,200 images"]


EPOCH = "epoch 3 of at most 8, best so far 69 % (epoch 2)"


@pytest.mark.parametrize(
    ("name", "stage", "done", "total", "line"),
    [
        # No word is said twice.
        ("predicting", "predicting", 96, 136, "predicting: 96 of 136 images"),
        ("tuning", EPOCH, 96, 136, f"tuning: {EPOCH}: 96 of 136 images"),
        ("tasks", "asking", 96, 136, "tasks: asking: 96 of 136 tasks"),
        # Within a budget seconds are counted.
        ("birds", "probing expert", 12, 20, "birds: probing expert: 12 s of 20 s"),
        ("birds", "probing expert", 20, 20, "birds: probing expert: 20 s of 20 s"),
        (
            *("birds", "probing expert", 81, 20),
            "birds: probing expert: 81 s, over the 20 s of the budget",
        ),
        # While the end of it lasts, the last is told.
        ("birds", "noise", 5, 5, "birds: noise: 5 of 5 images"),
    ],
)
def test_a_line_says_what_is_done_of_what(
    name: str, stage: str, done: int, total: int, line: str
) -> None:
    log = Log()
    work_bar(log.progress, name)(Work(stage=stage, done=done, total=total))
    assert log.at(10) == [line]


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [
        (
            lambda bar: work_bar(bar, "birds")(Work(stage=UPLOADING, done=10**6, total=10**8)),
            lambda bar: bar.update(bar.task_ids[0], description="birds: uploading 2.0 MB"),
            "birds: uploading 2.0 MB",
        ),
        (
            lambda bar: fit_bar(bar, "x", betas=2, rounds=5)(0, "0.1", 1, 0.5, 0.2),
            lambda bar: bar.update(bar.task_ids[0], description="x: beta 0.1, gradient 0.40"),
            "x: beta 0.1, gradient 0.40: 0 of 2 fits",
        ),
    ],
    ids=["upload", "fit"],
)
def test_what_changes_with_every_step_is_no_new_stage(
    first: Callable[[ProgressLines], None], second: Callable[[ProgressLines], None], line: str
) -> None:
    log = Log()
    first(log.progress)
    assert len(log.at(10)) == 1
    second(log.progress)
    assert log.at(39) == []
    assert log.at(40) == [line]


def test_many_at_once_are_one_line_of_those_under_way() -> None:
    log = Log()
    log.progress.add_task("tasks", total=9)
    log.progress.add_task("reading", total=4, visible=False)
    tell, end = item_bars(log.progress)
    for name in "abcdef":
        tell(name, Work(stage="features", done=1, total=4))
    tell("b", Work(stage="features", done=4, total=4))
    end("a")
    two = "c: features: 1 of 4 images; d: features: 1 of 4 images"
    assert log.at(10) == [f"tasks: 0 of 9; {two}; and 2 more"]


def test_lines_come_also_while_the_work_tells_nothing() -> None:
    file = io.StringIO()
    with ProgressLines(Console(file=file), patience=0.01) as lines:
        lines.add_task("exporting birds", total=None)
        until = monotonic() + 30
        while not file.getvalue() and monotonic() < until:
            sleep(0.01)
    assert file.getvalue() == "exporting birds\n"


def test_without_a_reader_the_work_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            told.set()
            raise BrokenPipeError

    told = Event()
    monkeypatch.setattr(sys, "stderr", Gone())
    with ProgressLines(messages(), patience=0.01) as lines:
        lines.add_task("exporting birds", total=None)
        assert told.wait(30)
    # A thread that fails says so where pytest looks.
    assert capsys.readouterr() == ("", "")


def test_a_command_tells_lines_on_stderr_and_pure_json_on_stdout(
    cli: Cli, two_classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        progress, "ProgressLines", partial(ProgressLines, patience=0.01, repeated=0.01)
    )
    done = cli("embed", two_classes, "--images", USED, "--store", tmp_path / "store", "--json")
    assert done.json["name"] == "tiny"
    lines = done.err.splitlines()
    assert lines
    assert all(line.startswith("tiny") for line in lines)
    assert not {"\r", "\x1b"} & set(done.err)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("models", "export", "small", "small.safetensors"), "exporting small"),
        (("map", "-o", "map.png"), "drawing the map"),
    ],
    ids=["export", "map"],
)
def test_work_without_stages_tells_that_it_goes_on(
    on: Cli,
    store: Path,
    small: SmallStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    line: str,
) -> None:
    (tmp_path / "expert").mkdir()
    add_expert(store, expert_file(tmp_path / "expert", small.sources / "emoji_food"))
    monkeypatch.setattr(progress, "ProgressLines", partial(ProgressLines, patience=0.001))
    done = on(*arguments)
    assert (done.code, done.err.splitlines()[0]) == (0, line)


def test_a_short_command_tells_nothing(cli: Cli, two_classes: Path, tmp_path: Path) -> None:
    done = cli("embed", two_classes, "--images", USED, "--store", tmp_path / "store", "--json")
    assert (done.json["name"], done.err) == ("tiny", "")


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bytes]]:
    """Make stderr a terminal, and give what reads what it was sent."""
    theirs, ours = os.openpty()
    with os.fdopen(ours, "w") as file, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", file)
        yield lambda: os.read(theirs, 100_000)
    os.close(theirs)


def test_a_terminal_is_drawn_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with terminal(monkeypatch) as sent, bars() as shown:
        shown.add_task("birds", total=7)
        shown.refresh()
        drawn = b""
        while b"0 of 7" not in drawn:
            drawn += sent()
    assert b"birds" in drawn
    assert b"\x1b[" in drawn


@pytest.mark.parametrize(
    ("name", "value"), [("TERM", "dumb"), ("TTY_COMPATIBLE", "0")], ids=["dumb", "incompatible"]
)
def test_a_terminal_that_cannot_draw_is_told_lines(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with terminal(monkeypatch), bars() as shown:
        assert isinstance(shown, ProgressLines)


@pytest.mark.parametrize("closed", [False, True], ids=["FORCE_COLOR", "closed"])
def test_no_bars_are_drawn_into_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], closed: bool
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    if closed:
        monkeypatch.setattr(sys, "stderr", None)
    with bars() as shown:
        assert isinstance(shown, ProgressLines)
        shown.add_task("birds", total=7)
    assert capsys.readouterr() == ("", "")
