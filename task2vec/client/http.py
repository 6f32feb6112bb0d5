"""What the blocking and the asynchronous transport share: both speak HTTP by httpx2."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from task2vec.client.request import Answer, Request
from task2vec.errors import DeadlineError, ServiceError, SettingError, Task2VecError
from task2vec.errors import UnreachableError as Unreachable

if TYPE_CHECKING:
    import httpx2

#: Working on an upload, or waiting for the next sign of life of a job, takes the server longer.
PATIENCE = 600.0
_CONNECT_SECONDS = 10.0
#: What a server lets itself be told.
_SHORTEST, _LONGEST = 1.0, 600.0


@dataclass(frozen=True)
class Address:
    """The address of a server: ``http://HOST:PORT``, perhaps with a path below which it lies.

    Raises `SettingError` for anything else.
    """

    url: str

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
        except ValueError:
            parts, usable = None, False
        secret = parts is not None and (parts.username is not None or parts.password is not None)
        if not usable or secret or (parts and (parts.query or parts.fragment)):
            raise SettingError(
                "This is no address of a server",
                expected="such as http://127.0.0.1:8000",
                # Whatever stands before the @ may be secret.
                got="one with a user name" if secret else repr(self.url),
            )
        object.__setattr__(self, "url", self.url.rstrip("/"))

    def of(self, path: str) -> str:
        """Return the address of a resource: those of ``/v1`` unless the path says otherwise."""
        return self.url + (path if path.startswith("/livez") else f"/v1{path}")


def checked(timeout: float) -> float:
    """Return a timeout in seconds; raises `SettingError` for one that is over at once."""
    # Written so that nan fails too.
    if not timeout > 0:
        raise SettingError("A timeout is too short", expected="above 0 seconds", got=f"{timeout}")
    return timeout


def prepare(request: Request[Any], address: Address, *, timeout: float) -> dict[str, Any]:
    """Return a request, but for its body, in the words of httpx2."""
    import httpx2

    headers = {"Accept": "application/json", **request.headers}
    if not request.patient and _SHORTEST <= timeout <= _LONGEST:
        # So that the server does not go on with what nobody waits for.
        headers["Request-Timeout"] = f"{timeout:g}"
    if request.body is not None and not isinstance(request.body, bytes):
        headers["Content-Type"] = request.body.content_type
        headers["Content-Length"] = str(request.body.length)
    return {
        "method": request.method.value,
        "url": address.of(request.path),
        "params": {name: _plain(value) for name, value in request.query.items()},
        "headers": headers,
        "timeout": httpx2.Timeout(
            PATIENCE if request.patient else timeout, connect=min(timeout, _CONNECT_SECONDS)
        ),
    }


def answer_of(response: "httpx2.Response") -> Answer:
    """Return an answer that has been read."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, response.content)


def failure(error: "httpx2.HTTPError", address: Address, *, request: Request[Any]) -> Task2VecError:
    """Return what it means that there is no answer."""
    import httpx2

    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.ProxyError):
        told = str(error) or type(error).__name__
        return Unreachable(
            f"There is no connection to {address.url}", got=told, remedy=_way_in(told)
        )
    if isinstance(error, httpx2.TimeoutException):
        return DeadlineError(
            f"{address.url} did not answer in time",
            got=f"nothing to {request.method.value} /v1{request.path}",
            remedy="Try again, or give it a longer timeout.",
        )
    if isinstance(error, httpx2.NetworkError | httpx2.RemoteProtocolError):
        return Unreachable(
            f"The connection to {address.url} broke off", got=str(error) or type(error).__name__
        )
    return ServiceError(
        f"The answer of {address.url} cannot be read", got=str(error) or type(error).__name__
    )


def _way_in(told: str) -> str:
    """Return what helps where a connection failed, by what the system says of it."""
    if "WRONG_VERSION_NUMBER" in told or "wrong version number" in told:
        return "Something answers there, but without TLS: write the address with http://."
    if "CERTIFICATE_VERIFY_FAILED" in told or "certificate verify failed" in told:
        return (
            "Check the certificate of the server; SSL_CERT_FILE names the file of an authority of "
            "your own."
        )
    return "Start a server there with `task2vec serve`, or check the address."


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return list(value) if isinstance(value, tuple | list) else value
