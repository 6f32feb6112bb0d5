"""What a worker is called that was given no name."""

import os
import secrets
import socket


def default_name() -> str:
    """Return a name that says where the worker runs, and that no other has."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(3)}"
