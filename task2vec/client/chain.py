"""The senders between a client's calls and the network."""

import os

from task2vec.client.http import Address
from task2vec.client.senders import Adding, Direct, Keyed, Retrying
from task2vec.client.steps import Sender
from task2vec.errors import SettingError, WrongTypeError
from task2vec.version import __version__

URL_VARIABLE, KEY_VARIABLE = "TASK2VEC_URL", "TASK2VEC_API_KEY"


def address_of(url: str | None) -> Address:
    """Return the address that was given, or is in the environment; raises `SettingError`."""
    if not isinstance(url, str | None):
        raise WrongTypeError.of("url", expected="the address of a server, as text", got=url)
    found = url or os.environ.get(URL_VARIABLE)
    if not found:
        raise SettingError(
            "No server is named",
            remedy=f"Give its address, such as http://127.0.0.1:8000, or set {URL_VARIABLE}.",
        )
    return Address(found)


def sender_of(api_key: str | None, *, tries: int) -> Sender:
    """Return the chain: who asks, which request it is, again if need be."""
    if tries < 1:
        raise SettingError("A client tries at least once", got=f"tries={tries}")
    headers = {"User-Agent": f"task2vec/{__version__}"}
    key = api_key or os.environ.get(KEY_VARIABLE)
    if key is not None:
        if not key.isascii() or not key.isprintable() or " " in key:
            raise SettingError("The API key is none", expected="printable ASCII without spaces")
        headers["Authorization"] = f"Bearer {key}"
    return Adding(Keyed(Retrying(Direct(), tries=tries)), headers)
