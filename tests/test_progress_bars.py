"""Where bars of Python programs are shown: in a terminal and a notebook, never in a pipe."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel
from terminal import in_terminal

from task2vec.progress_bars import Bars

WORK = """
from task2vec.progress_bars import Bars
with Bars(shown={shown}) as bars:
    tell = bars.stages("birds <b>")
    for done in range(1, 4):
        tell("reading", done, 3)
        print("seen", done)
    tell("fisher", 1, 3)
"""


def test_a_terminal_shows_a_bar() -> None:
    shown = in_terminal(WORK.format(shown=True))

    assert "birds <b>: Fisher information" in shown
    assert "1/3" in shown
    assert "seen 3" in shown


def test_what_is_printed_to_a_file_stays_out_of_the_terminal(tmp_path: Path) -> None:
    printed = tmp_path / "out.txt"
    with printed.open("wb") as file:
        shown = in_terminal(WORK.format(shown=True), stdout=file.fileno())

    assert "birds" in shown
    assert "seen" not in shown
    assert printed.read_text().splitlines() == ["seen 1", "seen 2", "seen 3"]


def test_a_terminal_shows_none_where_they_are_off() -> None:
    assert "birds" not in in_terminal(WORK.format(shown=False))


@pytest.mark.parametrize("variables", [{}, {"FORCE_COLOR": "1"}], ids=["plain", "forced colour"])
def test_a_pipe_gets_nothing(variables: dict[str, str]) -> None:
    run = subprocess.run(
        [sys.executable, "-c", WORK.format(shown=True)],
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
        check=True,
    )
    assert run.stderr == ""
    assert run.stdout.splitlines() == ["seen 1", "seen 2", "seen 3"]


def test_a_notebook_shows_a_bar_and_takes_it_away() -> None:
    manager, client = start_new_kernel()
    shown: list[str] = []

    def take(message: dict) -> None:
        if message["msg_type"] in ("display_data", "update_display_data"):
            shown.append(message["content"]["data"]["text/html"])
        assert message["msg_type"] != "error", message["content"]

    try:
        answer = client.execute_interactive(
            WORK.format(shown=True), output_hook=take, timeout=60, store_history=False
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)

    assert answer["content"]["status"] == "ok"
    assert any("birds &lt;b&gt;: reading images <progress" in html for html in shown)
    assert shown[-1] == ""


def test_a_pipe_does_not_load_rich() -> None:
    program = (
        "import sys; from task2vec.progress_bars import Bars; Bars(); print('rich' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "False"


def test_bars_are_of_use_again_after_others_have_ended() -> None:
    # stderr of a test is no terminal: neither opens, and neither keeps the screen.
    for _ in range(2):
        with Bars() as bars:
            bars.show("birds", stage="", done=1, total=2)
