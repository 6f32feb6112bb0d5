"""Trusting one certificate and no other."""

import re
import ssl
from pathlib import Path

from task2vec.errors import SettingError

_PEM = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


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
