"""The clients by their earlier address, for one release: import them from `task2vec` instead."""

import warnings

from task2vec import AsyncClient, Client, LocalClient

__all__ = ["AsyncClient", "Client", "LocalClient"]

warnings.warn(
    "task2vec.sdk goes in the next release: import Client, AsyncClient and LocalClient from "
    "task2vec.",
    DeprecationWarning,
    stacklevel=2,
)
