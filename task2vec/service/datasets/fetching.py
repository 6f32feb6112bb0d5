"""Fetching a file from elsewhere on behalf of somebody who is not trusted.

A name is resolved once, at the moment of connecting; all it resolves to is checked; the connection
is made to one of these addresses as a number. So a name that leads elsewhere a moment later gains
nothing. TLS is still verified for the name.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_address
from time import monotonic
from typing import Any

import httpcore2
import httpx2

from task2vec.errors import DeadlineError, RefusedAddressError, SourceError, TooLargeError
from task2vec.service.datasets.fetch_policy import Address, FetchPolicy

_STEP_SECONDS = 10.0
_MOVED = {301, 302, 303, 307, 308}
# Compressed answers are not asked for: an image does not shrink, a bomb does.
_HEADERS = (
    ("User-Agent", "task2vec"),
    ("Accept", "image/*"),
    ("Accept-Encoding", "identity"),
)


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
            found = [ip_address(text) for text in self._resolver(host, port)]
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


class Fetcher:
    """Fetches what a policy allows; may be used by several threads at once.

    Sends neither cookies nor credentials, and asks no proxy: that would resolve names itself.

    Args:
        policy: where from, and how much.
        resolver: from a host to its addresses.
        trust: the authorities whose certificates are believed; default: the machine's.
        connections: how many at once.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        *,
        resolver: Resolver = resolve,
        trust: ssl.SSLContext | None = None,
        connections: int = 8,
    ) -> None:
        self.policy = policy
        self._deadline = Deadline()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=trust or ssl.create_default_context(),
            max_connections=connections,
            network_backend=PinnedBackend(policy, resolver=resolver, deadline=self._deadline),
        )

    def fetch(self, address: str, *, until: float = float("inf")) -> bytes:
        """Return the bytes behind an address, following redirects that are allowed as well.

        ``until`` bounds the time, in monotonic seconds, beside the policy's own limit.

        Raises:
            RefusedAddressError: for an address, or one that it redirects to, that is not allowed.
            TooLargeError: beyond the policy's bytes for an image.
            DeadlineError: when it takes too long.
            SourceError: when there is no connection, or no file.
        """
        self._deadline.until = min(until, monotonic() + self.policy.image_seconds)
        url = self.policy.check(address)
        try:
            for _ in range(self.policy.redirects + 1):
                found = self._ask(url)
                if isinstance(found, bytes):
                    return found
                url = self.policy.check(found)
        except httpcore2.TimeoutException as error:
            raise DeadlineError(
                f"{url.host} took too long",
                expected=f"an image within {self.policy.image_seconds:g} seconds",
            ) from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError) as error:
            # What the other side said is not passed on: it would tell open ports from closed ones.
            raise SourceError(
                f"There is no connection to {url.host}", remedy="Check the address, and try again."
            ) from error
        raise SourceError(
            "The address leads on too often", expected=f"at most {self.policy.redirects} redirects"
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _ask(self, url: httpx2.URL) -> bytes | str:
        """Return the body, or where it has moved."""
        target = httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        host = url.netloc.decode("ascii")
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), _STEP_SECONDS)
        with self._pool.stream(
            "GET", target, headers=[("Host", host), *_HEADERS], extensions={"timeout": timeouts}
        ) as response:
            headers = {key.lower(): value for key, value in response.headers}
            if response.status in _MOVED:
                return _moved(url, headers.get(b"location", b""))
            if response.status != 200:
                raise SourceError(
                    f"{url.host} does not give the file",
                    expected="status 200",
                    got=f"status {response.status}",
                )
            if headers.get(b"content-encoding", b"identity") != b"identity":
                raise SourceError(
                    f"{url.host} gives the file compressed, which was not asked for",
                    expected="an image as it is",
                )
            return self._body(headers.get(b"content-length", b""), response.iter_stream())

    def _body(self, declared: bytes, chunks: Iterator[bytes]) -> bytes:
        largest = self.policy.image_bytes
        body = bytearray()
        if declared.isdigit() and len(declared) < 20 and int(declared) > largest:
            raise _too_large(largest)
        for chunk in chunks:
            body += chunk
            if len(body) > largest:
                raise _too_large(largest)
        return bytes(body)


def _moved(url: httpx2.URL, location: bytes) -> str:
    try:
        return str(url.join(location.decode("ascii")))
    except (UnicodeDecodeError, httpx2.InvalidURL, ValueError):
        raise SourceError(f"{url.host} redirects to what is no address") from None


def _too_large(largest: int) -> TooLargeError:
    return TooLargeError("An image is too large", expected=f"at most {largest:,} bytes")
