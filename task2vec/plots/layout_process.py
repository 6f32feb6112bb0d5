"""A layout in a process of its own, which can be stopped: a thread that computes cannot."""

import subprocess
import sys
from collections.abc import Callable
from io import BytesIO

import numpy as np

from task2vec.errors import Task2VecError
from task2vec.messages.catalogue import MapMethod
from task2vec.plots.layout import Matrix, check_layout, lay_out

_POLL_SECONDS = 0.1


def lay_out_apart(
    distances: Matrix, *, method: MapMethod, seed: int, check: Callable[[], None]
) -> Matrix:
    """Return what `lay_out` returns; ``check`` is called ten times a second and raises to stop it.

    Raises what `lay_out` and ``check`` raise.
    """
    sent = BytesIO()
    np.save(sent, check_layout(distances, method=method), allow_pickle=False)
    # Not from the current folder, where anything may be called numpy.
    command = [sys.executable, "-P", "-m", __name__, method.value, str(seed)]
    data: bytes | None = sent.getvalue()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        try:
            while True:
                check()
                try:
                    reply, _ = child.communicate(data, timeout=_POLL_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    # The rest is sent by the next call.
                    data = None
        finally:
            child.kill()
    if child.returncode:
        raise Task2VecError(
            "The layout could not be computed",
            expected="a process that ends with 0",
            got=f"{child.returncode}",
            remedy="Ask for another method, or for fewer tasks by a tag.",
        )
    return np.asarray(np.load(BytesIO(reply), allow_pickle=False), dtype=np.float64)


def main() -> None:
    """Read distances from stdin and write positions to stdout, both as `.npy`."""
    distances = np.load(BytesIO(sys.stdin.buffer.read()), allow_pickle=False)
    positions = lay_out(distances, method=MapMethod(sys.argv[1]), seed=int(sys.argv[2]))
    np.save(sys.stdout.buffer, positions, allow_pickle=False)


if __name__ == "__main__":
    main()
