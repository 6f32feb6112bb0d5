"""Fetching a file from elsewhere on behalf of somebody who is not trusted."""

import ssl
from collections.abc import Iterator
from time import monotonic
from types import TracebackType
from typing import Self

import httpcore2
import httpx2

from task2vec.errors import DeadlineError, SourceError, TooLargeError
from task2vec.service.datasets.fetch_policy import FetchPolicy
from task2vec.service.datasets.pinned_connection import Deadline, PinnedBackend, Resolver, resolve

_STEP_SECONDS = 10.0
_MOVED = {301, 302, 303, 307, 308}
# Compressed answers are not asked for: an image does not shrink, a bomb does.
_HEADERS = (
    ("User-Agent", "task2vec"),
    ("Accept", "image/*"),
    ("Accept-Encoding", "identity"),
)


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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

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
