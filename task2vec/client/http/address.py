"""The address of a server, and what it means that nothing answers there."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from task2vec.client.request import Reply
from task2vec.errors import (
    DeadlineError,
    ServiceError,
    SettingError,
    Task2VecError,
    UnreachableError,
)

if TYPE_CHECKING:
    import httpx2


#: Of an error of the system, before its words.
_NUMBER = re.compile(r"^\[Errno -?[0-9]+\] ")


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


def credentials(api_key: str | None) -> dict[str, str]:
    """Return the headers that say who asks; raises `SettingError` for a key that is none."""
    if api_key is None:
        return {}
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise SettingError("The API key is none", expected="printable ASCII without spaces")
    return {"Authorization": f"Bearer {api_key}"}


def reply_of(response: "httpx2.Response") -> Reply:
    """Return a reply that has been read."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, headers, response.content)


def failure(error: "httpx2.HTTPError", address: Address, *, route: str) -> Task2VecError:
    """Return what it means that there is no reply; ``route`` is what was asked, such as GET /x."""
    import httpx2

    words = _NUMBER.sub("", str(error)) or type(error).__name__
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.ProxyError):
        return UnreachableError(
            f"There is no connection to {address.url}", got=words, remedy=_way_in(words)
        )
    if isinstance(error, httpx2.TimeoutException):
        method, _, path = route.partition(" ")
        return DeadlineError(
            f"{address.url} did not answer in time",
            got=f"nothing to {method} /v1{path}",
            remedy="Try again, or give it a longer timeout.",
        )
    if isinstance(error, httpx2.NetworkError | httpx2.RemoteProtocolError):
        return UnreachableError(f"The connection to {address.url} broke off", got=words)
    return ServiceError(f"The answer of {address.url} cannot be read", got=words)


def _way_in(words: str) -> str:
    """Return what helps where a connection failed, by what the system says of it."""
    if "WRONG_VERSION_NUMBER" in words or "wrong version number" in words:
        return "Something answers there, but without TLS: write the address with http://."
    if "CERTIFICATE_VERIFY_FAILED" in words or "certificate verify failed" in words:
        return (
            "Check the certificate of the server; SSL_CERT_FILE names the file of an authority of "
            "your own."
        )
    return "Start a server there with `task2vec serve`, or check the address."
