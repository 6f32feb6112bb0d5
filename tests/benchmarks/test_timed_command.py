import subprocess
import sys

import pytest

from benchmarks.timed_command import timed


def test_waiting_takes_no_processor():
    clock, processor, output = timed([sys.executable, "-c", "import time; time.sleep(2)"])
    assert output == ""
    assert clock >= 2
    assert 0 < processor < clock - 1


def test_the_command_has_the_environment_and_its_output_comes_back():
    code = "import os; print(os.environ['TASK2VEC_STORE'])"
    assert timed([sys.executable, "-c", code], TASK2VEC_STORE="here")[2] == "here\n"


def test_only_the_exit_codes_that_are_named_are_results():
    code = "print('kept'); raise SystemExit(3)"
    assert timed([sys.executable, "-c", code], codes=(0, 3))[2] == "kept\n"
    with pytest.raises(subprocess.CalledProcessError):
        timed([sys.executable, "-c", code])
