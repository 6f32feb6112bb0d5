"""Clients for Python: of a server, blocking or asynchronous, and of a local store.

A call is described once, as a generator of steps (`steps`) that does no input or output itself;
two drivers carry the steps out, one blocking, one asynchronous.
"""
