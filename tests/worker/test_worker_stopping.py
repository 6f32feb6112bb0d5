"""Being told to stop, once and twice, and being left alone."""

import os
import signal
import subprocess
import sys
import time

import pytest

ASKED = """
import sys, time
from task2vec.worker.shutdown import Shutdown
shutdown = Shutdown()
shutdown.listen()
print("ready", flush=True)
assert shutdown.sleep(60)
print("asked", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_once_is_a_request_and_twice_an_order(number):
    with subprocess.Popen(
        [sys.executable, "-c", ASKED], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == "asked\n"
        process.send_signal(number)
        assert process.wait(10) == 128 + number


FOLLOWER = """
import os, sys, time
from pathlib import Path
from task2vec.worker.shutdown import follow
follow(os.getppid(), clean=Path(sys.argv[1]).unlink)
print(os.getpid(), flush=True)
time.sleep(60)
"""
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]])
time.sleep(60)
"""


def test_a_worker_whose_server_was_killed_ends(tmp_path):
    mark = tmp_path / "mark"
    mark.touch()
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, FOLLOWER, str(mark)], stdout=subprocess.PIPE, text=True
    ) as parent:
        worker = int(parent.stdout.readline())
        time.sleep(0.5)
        os.kill(worker, 0)
        parent.kill()
        # The pipe is closed when nobody can write to it any more: the worker has ended.
        assert parent.stdout.read() == ""
    assert not mark.exists()
