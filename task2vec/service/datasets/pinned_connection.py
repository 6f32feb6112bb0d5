"""Connections that go where a name was seen to lead, and nowhere else, and in time.

A name is resolved once, at the moment of connecting; all it resolves to is checked; the connection
is made to one of these addresses as a number. So a name that leads elsewhere a moment later gains
nothing. TLS is still verified for the name.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any

import httpcore2

from task2vec.errors import RefusedAddressError
from task2vec.service.datasets.addresses import Address, parse_address
from task2vec.service.datasets.fetch_policy import FetchPolicy

#: From a host and a port to what the host's name leads to.
Resolver = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> list[str]:
    """Ask the operating system. Raises `OSError` for a name that leads nowhere."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Deadline(threading.local):
    """Until when the present thread's fetch must have ended, in monotonic seconds."""

    until = float("inf")

    def left(self, timeout: float | None) -> float:
        """Return the seconds that a step may take. Raises `httpcore2.ReadTimeout` at the end."""
        left = self.until - monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the time is over")
        return left if timeout is None else min(left, timeout)


class PinnedBackend(httpcore2.NetworkBackend):
    """Connects to checked addresses only."""

    def __init__(self, policy: FetchPolicy, *, resolver: Resolver, deadline: Deadline) -> None:
        self._policy = policy
        self._resolver = resolver
        self._deadline = deadline
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Resolve, check and connect.

        Raises:
            RefusedAddressError: when any address of the name is not a public one; which one is
                not said, since it would map the inside of a network.
            httpcore2.ConnectError: when the name leads nowhere or nobody answers.
        """
        failure: Exception = httpcore2.ConnectError("the name leads nowhere")
        for address in self._addresses(host, port):
            try:
                stream = self._sockets.connect_tcp(
                    str(address),
                    port,
                    timeout=self._deadline.left(timeout),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure

    def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            found = [parse_address(text) for text in self._resolver(host, port)]
        except (OSError, UnicodeError, ValueError) as error:
            raise httpcore2.ConnectError("the name leads nowhere") from error
        if not all(self._policy.permits(address) for address in found):
            raise RefusedAddressError(
                f"{host} is not fetched from, since it leads to an address that is not public",
                remedy="The server's owner can name networks of their own that may be reached.",
            )
        return found


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose every step ends by the deadline: bytes that drip do not prolong it."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._deadline.left(timeout)
        secured = self._stream.start_tls(ssl_context, server_hostname, left)
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
