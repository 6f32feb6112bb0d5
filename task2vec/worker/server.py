"""The server, as a worker talks to it."""

import logging
import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from io import FileIO
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from task2vec.client.http.address import Address, credentials, failure, reply_of
from task2vec.client.http.problems import raise_for
from task2vec.client.request import segment, understood
from task2vec.errors import SettingError, Task2VecError, UnknownNameError
from task2vec.messages.jobs import Job, Progress
from task2vec.messages.leases import Failure, Findings, Heartbeat, Lease, LeaseQuestion, Plan, Pulse
from task2vec.types.jobs import JobKind
from task2vec.version import __version__

logger = logging.getLogger(__name__)

_CONNECT = 10.0
_SECONDS = 30.0
#: Storing a large checkpoint takes the server a while after the last byte has come.
_STORING = 120.0
_CHUNK = 1 << 18
_PEM = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class Server:
    """One server; safe to use from several threads.

    Every method raises what a refusal stands for, and `ServiceError` where there is no answer.
    ``context`` is how its certificate is checked, ``transport`` replaces the network. Raises
    `SettingError` for a key that cannot be sent.
    """

    def __init__(
        self,
        address: Address,
        *,
        api_key: str | None,
        context: ssl.SSLContext | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.address = address
        agent = f"task2vec-worker/{__version__}"
        headers = {"User-Agent": agent, "Accept": "application/json", **credentials(api_key)}
        self._client = httpx2.Client(
            headers=headers,
            timeout=httpx2.Timeout(_SECONDS, connect=_CONNECT),
            verify=context if context is not None else True,
            transport=transport,
            # No proxy stands between a worker and a server on its own machine.
            trust_env=not _loopback(address),
        )

    def lease(self, worker: str, kinds: tuple[JobKind, ...], *, wait: float) -> Lease | None:
        """Ask for work, for up to ``wait`` seconds; None where there is none."""
        question = LeaseQuestion(worker=worker, kinds=kinds)
        response = self._send(
            "/leases",
            json=question.model_dump(mode="json"),
            params={"wait": wait},
            timeout=httpx2.Timeout(_SECONDS + wait, connect=_CONNECT),
        )
        return None if response.status_code == 204 else understood(Lease, response.content)

    def heartbeat(self, lease: Lease, progress: Progress) -> Pulse:
        """Tell of progress; raises `LeaseLostError` when the job is somebody else's by now."""
        beat = Heartbeat(fence=lease.fence, progress=progress)
        # Half a lease without an answer, and there will be something newer to tell.
        timeout = httpx2.Timeout(max(1.0, lease.seconds / 2), connect=_CONNECT)
        path = _of(lease, "heartbeat")
        return understood(
            Pulse, self._send(path, json=beat.model_dump(mode="json"), timeout=timeout).content
        )

    def complete(
        self,
        lease: Lease,
        findings: Findings,
        files: Mapping[str, Path],
        *,
        progress: Callable[[int, int], None],
    ) -> None:
        """Hand in what was found, with its files; ``progress`` hears of bytes sent and in all.

        It may be sent again: the fence tells the server that it is the same.
        """
        self._hand_in(lease, "complete", findings, files, progress=progress)

    def plan(self, lease: Lease, embedding: Path) -> Plan:
        """Ask which models to measure on the data set that was embedded."""
        findings, files = Findings(fence=lease.fence, seconds=0.0), {"embedding.task": embedding}
        answer = self._hand_in(lease, "plan", findings, files, progress=lambda _done, _total: None)
        return understood(Plan, answer.content)

    def _hand_in(
        self,
        lease: Lease,
        verb: str,
        findings: Findings,
        files: Mapping[str, Path],
        *,
        progress: Callable[[int, int], None],
    ) -> httpx2.Response:
        total, done = sum(path.stat().st_size for path in files.values()), 0

        def count(size: int) -> None:
            nonlocal done
            done += size
            progress(done, total)

        # Without a file's name it is a plain field, but of a form that is always multipart.
        parts: dict[str, tuple[str | None, Any, str]] = {
            "findings": (None, findings.model_dump_json().encode(), "application/json")
        }
        with ExitStack() as stack:
            for name, path in files.items():
                file = stack.enter_context(_Counted(path, count))
                parts[name] = (path.name, file, "application/octet-stream")
            return self._send(
                _of(lease, verb),
                files=parts,
                timeout=httpx2.Timeout(_STORING, connect=_CONNECT),
            )

    def fail(self, lease: Lease, why: Failure) -> None:
        """Tell why a try failed, or that a cancelled job was stopped."""
        self._send(_of(lease, "fail"), json=why.model_dump(mode="json"))

    def release(self, lease: Lease) -> None:
        """Hand a job back that was not finished; the try does not count."""
        timeout = httpx2.Timeout(5.0, connect=2.0)
        self._send(_of(lease, "release"), json={"fence": lease.fence}, timeout=timeout)

    def dataset(self, id_: str) -> AbstractContextManager[Iterable[bytes]]:
        """Open the bytes of a data set."""
        return self._stream(f"/datasets/{segment(id_)}/content")

    def checkpoint(self, model: str) -> AbstractContextManager[Iterable[bytes]]:
        """Open the bytes of an expert's checkpoint."""
        return self._stream(f"/models/{segment(model)}/checkpoint")

    def is_over(self, job: str) -> bool:
        """Whether a job has ended or is gone; not known, and so not over, without an answer."""
        try:
            response = self._client.get(self.address.of(f"/jobs/{segment(job)}"))
            raise_for(reply_of(response))
            return understood(Job, response.content).state.final
        except UnknownNameError:
            return True
        except (httpx2.HTTPError, Task2VecError) as error:
            logger.debug("whether job %s has ended is not known: %s", job, error)
        return False

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _send(self, path: str, **words: Any) -> httpx2.Response:
        try:
            response = self._client.post(self.address.of(path), **words)
        except httpx2.HTTPError as error:
            raise failure(error, self.address, route=f"POST {path}") from error
        raise_for(reply_of(response))
        return response

    @contextmanager
    def _stream(self, path: str) -> Iterator[Iterable[bytes]]:
        headers = {"Accept": "application/octet-stream", "Accept-Encoding": "identity"}
        try:
            with self._client.stream("GET", self.address.of(path), headers=headers) as response:
                if response.status_code >= 400:
                    response.read()
                    raise_for(reply_of(response))
                yield response.iter_bytes(_CHUNK)
        except httpx2.HTTPError as error:
            raise failure(error, self.address, route=f"GET {path}") from error


class _Counted(FileIO):
    """A file that tells how much of it was read."""

    def __init__(self, path: Path, tell: Callable[[int], None]) -> None:
        super().__init__(path)
        self._tell = tell

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self._tell(len(data))
        return data


def _of(lease: Lease, verb: str) -> str:
    return f"/leases/{segment(lease.job)}:{verb}"


def _loopback(address: Address) -> bool:
    host = urlsplit(address.url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def trusting(path: Path) -> ssl.SSLContext:
    """Return a context that accepts the server's own certificate, the first in ``path``, alone.

    A server that shows exactly that certificate holds its key, so the name that it was issued for
    does not matter: a worker may reach its server by another. Raises `SettingError` for a file that
    holds no certificate.
    """
    try:
        found = _PEM.search(path.read_text(encoding="ascii"))
        if found is None:
            raise ValueError("no certificate")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # Only the first: others in the file have issued it, and perhaps others.
        context.load_verify_locations(cadata=found.group())
    except (OSError, ValueError, ssl.SSLError) as error:
        raise SettingError(
            f"The certificate in {path} cannot be read", expected="a PEM file", got=str(error)
        ) from error
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    return context
