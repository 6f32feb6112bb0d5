"""Runs a program by a fork server: ``fork_client.py ADDRESS PROGRAM ARGUMENT...``.

It lends the program its streams, folder and environment, passes signals on, and ends as it does.
"""

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LENGTH = 8


def send(connection: socket.socket, arguments: list[str]) -> None:
    """Ask for a program."""
    question = {
        "arguments": arguments,
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
    }
    body = json.dumps(question).encode()
    socket.send_fds(connection, [len(body).to_bytes(_LENGTH, "big")], [0, 1, 2])
    connection.sendall(body)


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return a question and the streams that come with it."""
    length, streams, _, _ = socket.recv_fds(connection, _LENGTH, 3)
    body = connection.recv(int.from_bytes(length, "big"), socket.MSG_WAITALL)
    question: dict[str, Any] = json.loads(body)
    return question, streams


def main(address: str, arguments: list[str]) -> None:
    """Run the program and end with its exit code, or by the signal that ended it."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect("\0" + address)
    send(connection, arguments)
    for number in _FORWARDED:
        signal.signal(number, lambda number, _: connection.send(bytes([number])))
    code = int.from_bytes(connection.recv(2), "big", signed=True)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
