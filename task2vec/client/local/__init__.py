"""The client that works on a store of this machine, without a server.

Its methods are those of `task2vec.Client`, with the same arguments and results.
"""

from task2vec.client.local.client import LocalClient

__all__ = ["LocalClient"]
