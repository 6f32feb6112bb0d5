"""What a command takes, from the start of its process to its end."""

import os
import subprocess
from collections.abc import Container
from time import perf_counter


def timed(
    command: list[str], *, codes: Container[int] = (0,), **environment: str
) -> tuple[float, float, str]:
    """Return the seconds by the clock and by the processor, and what it printed.

    The processor's count those of all threads: on a machine that is busy with other things only
    they tell. Raises `subprocess.CalledProcessError` for an exit code that is none of ``codes``.
    """
    before, started = os.times(), perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    if done.returncode not in codes:
        done.check_returncode()
    clock, after = perf_counter() - started, os.times()
    spent = after.children_user + after.children_system
    return clock, spent - before.children_user - before.children_system, done.stdout
