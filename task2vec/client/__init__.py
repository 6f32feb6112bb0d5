"""Clients for Python: of a server, blocking or asynchronous, and of a local store.

Each method is written once, as a coroutine on a `backend`: a server, over a blocking or an
asynchronous network, or a store of this machine. A blocking client runs it to its end.
"""
