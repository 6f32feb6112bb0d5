"""Programs that are loaded already: a process that has imported task2vec forks one each.

Importing torch and what goes with it costs a process three seconds of processor time, task2vec half
a second. Here that is paid once. What runs afterwards is the real program, with its own arguments,
environment, folder, streams, exit code and signals, in a process of its own.

Where the start of a process is what is tested, or a process is killed, the test starts it itself.
"""

import atexit
import gc
import importlib
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from fork_client import receive

LIBRARIES = (
    *("torch", "timm", "sklearn.linear_model", "scipy.optimize", "PIL.Image", "alembic.command"),
)
#: What commands import, most of it on first use.
MODULES = (
    *LIBRARIES,
    *("task2vec.cli.run", "task2vec.client.local.store", "task2vec.service.recommend.explaining"),
    *("task2vec.embedding.engine", "task2vec.jobs.embed", "task2vec.jobs.finetune"),
    *("task2vec.data.open", "task2vec_probes.packaged"),
)


class ForkServer:
    """A process with ``modules``, and a program ``task2vec`` that uses it; a context manager.

    ``folder`` takes the program; it belongs in front of others on ``PATH``.
    """

    def __init__(self, folder: Path, modules: Sequence[str] = MODULES) -> None:
        self.programs = folder / "bin"
        self._modules = modules
        # In the system's abstract space: paths to sockets may have some 100 characters only.
        self._address = f"task2vec-tests-{os.getpid()}-{id(self)}"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, program: Path, *arguments: str) -> list[str]:
        """Return what runs a Python program by it."""
        return [*self._client(), str(program), *arguments]

    def __enter__(self) -> Self:
        self.programs.mkdir()
        real = Path(sys.executable).parent / "task2vec"
        script = self.programs / "task2vec"
        script.write_text(f'#!/bin/sh\nexec {shlex.join(self.command(real))} "$@"\n')
        script.chmod(0o755)
        # Who asks before the modules are there waits.
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"\0{self._address}")
            listener.listen()
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(listener.fileno()), *self._modules],
                stdin=subprocess.PIPE,
                pass_fds=[listener.fileno()],
                env={**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def _client(self) -> list[str]:
        client = Path(__file__).with_name("fork_client.py")
        return [sys.executable, "-I", "-S", str(client), self._address]


def serve(listener: socket.socket) -> dict[str, Any] | None:
    """Fork for each who asks. Returns in a fork, with its question; else None, once stdin ends."""
    with listener:
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if not os.fork():
                listener.close()
                return _watch_over(connection)
            connection.close()
            _reap()
    _reap()
    return None


def _reap() -> None:
    """Take note of forks that ended, so that their processor time counts as this process's."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _watch_over(connection: socket.socket) -> dict[str, Any]:
    """Fork again and return there; the parent passes signals on, and tells how the program ended.

    Whoever asked is gone, killed perhaps, where the connection ends: so does the program.
    """
    question, streams = receive(connection)
    pid = os.fork()
    if not pid:
        connection.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        return question
    for number in (0, 1, 2, *streams):
        os.close(number)
    ended = os.pidfd_open(pid)
    while ended not in select.select([ended, connection], [], [])[0]:
        signals = connection.recv(16)
        for number in signals or (signal.SIGKILL,):
            os.kill(pid, number)
        if not signals:
            break
    _, status = os.waitpid(pid, 0)
    with suppress(OSError):
        connection.send(os.waitstatus_to_exitcode(status).to_bytes(2, "big", signed=True))
    os._exit(0)


def become(question: dict[str, Any]) -> NoReturn:
    """Run a program in this process, as if it had been started afresh."""
    os.chdir(question["folder"])
    os.environ.clear()
    os.environ.update(question["environment"])
    # A library has looked where temporary files go.
    tempfile.tempdir = None
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        number = ("stdin", "stdout", "stderr").index(name)
        errors = "backslashreplace" if name == "stderr" else "strict"
        stream = open(number, mode, errors=errors, closefd=False)  # noqa: SIM115
        if os.isatty(number) or name == "stderr":
            stream.reconfigure(line_buffering=True)
        setattr(sys, name, stream)
    sys.argv = question["arguments"]
    program = Path(sys.argv[0])
    named = question["environment"].get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [str(program.parent), *filter(None, named), *sys.path[1:]]
    try:
        runpy.run_path(str(program), run_name="__main__")
    except SystemExit as ended:
        # As the interpreter does: a number is the code, anything else is said.
        if not isinstance(ended.code, int | None):
            print(ended.code, file=sys.stderr)
        _leave(ended.code if isinstance(ended.code, int) else int(ended.code is not None))
    except BaseException:
        sys.excepthook(*sys.exc_info())
        _leave(1)
    _leave(0)


def _leave(code: int) -> NoReturn:
    """End without freeing what is shared with the server: that would copy it, for half a second."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in sys.argv[2:]:
            importlib.import_module(module)
    # What is there now is shared by all: collecting it would copy it.
    gc.freeze()
    question = serve(socket.socket(fileno=int(sys.argv[1])))
    if question is not None:
        become(question)
