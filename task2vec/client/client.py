"""The clients of a server: blocking, and for an event loop."""

import os
from typing import TYPE_CHECKING, Any, Self

import task2vec.client.show.notebook  # noqa: F401  (how results show themselves)
from task2vec.client.backend import Backend
from task2vec.client.http.address import Address
from task2vec.client.http.network import AsyncNetwork, BlockingNetwork, Network
from task2vec.client.http.server import Server
from task2vec.client.methods import Asynchronous, Blocking, M, awaiting, blocking, run
from task2vec.client.operations.answers import Answers
from task2vec.client.operations.bundles import Bundles
from task2vec.client.operations.jobs import Datasets, Jobs
from task2vec.client.operations.models import Models
from task2vec.client.operations.outcomes import Outcomes
from task2vec.client.operations.tasks import Tasks
from task2vec.client.operations.work import Work, embed, finetune
from task2vec.errors import SettingError, WrongTypeError

if TYPE_CHECKING:
    import httpx2

URL_VARIABLE, KEY_VARIABLE = "TASK2VEC_URL", "TASK2VEC_API_KEY"


class AnyClient(Answers[M], Work[M]):
    """What every client has, on whatever answers it."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self.tasks: Tasks[M] = Tasks(backend)
        self.models: Models[M] = Models(backend)
        self.outcomes: Outcomes[M] = Outcomes(backend)
        self.bundles: Bundles[M] = Bundles(backend)
        self.jobs: Jobs[M] = Jobs(backend)
        self.datasets: Datasets[M] = Datasets(backend)


class BlockingClient(AnyClient[Blocking]):
    """A client whose methods return results. Use it as a context manager, or `close` it."""

    embed = blocking(embed)
    finetune = blocking(finetune)

    def close(self) -> None:
        """Close the connections, or the store."""
        run(self.backend.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class Client(BlockingClient):
    """A server's tasks, models and answers.

    ``url`` is its address, by default that of ``TASK2VEC_URL``; ``api_key`` by default that of
    ``TASK2VEC_API_KEY``. ``timeout`` is the seconds that one answer may take, ``tries`` how often
    what can safely be repeated is sent before it is given up. Safe to use from several threads.
    Use it as a context manager, or `close` it.

    Every method raises subclasses of `Task2VecError`: those of what was asked, `AccessError` for
    the key, `ServiceError` where the server does not answer. Raises `SettingError` for an address
    that is none.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 60.0,
        tries: int = 5,
        transport: "httpx2.BaseTransport | None" = None,
    ) -> None:
        server = _server(url, api_key, BlockingNetwork(transport), timeout=timeout, tries=tries)
        super().__init__(server)
        self.url = server.address.url

    def __repr__(self) -> str:
        return f"Client({self.url!r})"


class AsyncClient(AnyClient[Asynchronous]):
    """`task2vec.Client` for an event loop: the same methods, awaited or iterated asynchronously.

    A client belongs to one event loop. Use it as an asynchronous context manager, or `close` it.
    """

    asynchronous = True

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 60.0,
        tries: int = 5,
        transport: "httpx2.AsyncBaseTransport | None" = None,
    ) -> None:
        server = _server(url, api_key, AsyncNetwork(transport), timeout=timeout, tries=tries)
        super().__init__(server)
        self.url = server.address.url

    embed = awaiting(embed)
    finetune = awaiting(finetune)

    async def close(self) -> None:
        """Close the connections."""
        await self.backend.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.url!r})"


def _server(
    url: str | None, api_key: str | None, network: Network, *, timeout: float, tries: int
) -> Server:
    """Return the server of an address that was given, or is in the environment."""
    if not isinstance(url, str | None):
        raise WrongTypeError.of("url", expected="the address of a server, as text", got=url)
    given = url or os.environ.get(URL_VARIABLE)
    if not given:
        raise SettingError(
            "No server is named",
            remedy=f"Give its address, such as http://127.0.0.1:8000, or set {URL_VARIABLE}.",
        )
    key = api_key or os.environ.get(KEY_VARIABLE)
    return Server(Address(given), network, api_key=key, timeout=timeout, tries=tries)
