"""Who is let in: anybody on this machine, or the bearers of keys."""

import shlex
import time
from collections.abc import Iterable
from pathlib import Path

from task2vec.errors import NotAuthenticatedError, SettingError
from task2vec.service.keys import KeyRing, NewKey, draw
from task2vec.types import KeyRecord, Scope
from task2vec.types.keys import all_implied
from task2vec_api.access import ANYBODY, Caller
from task2vec_api.settings import Settings


class KeyAuthentication:
    """Turns the credentials of a request into its `Caller`, without asking the database.

    Without any key that is not revoked, a server that only this machine can reach lets everybody
    on it do everything. As soon as there is one it asks for keys, and until it is started again it
    never stops to: revoking the last key must not let everybody in.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.worker_key = _own_key()
        self._ring = KeyRing(own=[self.worker_key.record])
        self._asks = settings.behind_proxy or not settings.loopback

    @property
    def open(self) -> bool:
        """Whether requests without a key are let in."""
        return not self._asks

    def refresh(self, records: Iterable[KeyRecord]) -> bool:
        """Take over the keys as the store has them; return whether any has changed."""
        changed = self._ring.replace(records)
        self._asks = self._asks or self._ring.closed
        return changed

    def identify(self, authorization: str | None) -> tuple[Caller, KeyRecord | None]:
        """Return who calls, given the Authorization header, and the key.

        Raises:
            NotAuthenticatedError: for no valid key where one is asked for, and for an invalid one
                anywhere.
        """
        if authorization is None:
            if self._asks:
                raise NotAuthenticatedError(
                    "This server asks for a key",
                    expected="the header Authorization: Bearer KEY",
                    remedy="Set TASK2VEC_API_KEY, or pass `--api-key`. The operator of the server "
                    "makes a key with `task2vec keys create`.",
                )
            return ANYBODY, None
        kind, _, secret = authorization.partition(" ")
        if kind.lower() != "bearer":
            raise NotAuthenticatedError(
                "This kind of credentials is not taken",
                expected="the header Authorization: Bearer KEY",
            )
        record = self._ring.identify(secret.strip(), now=time.time())
        own = self.is_own(record)
        caller = Caller(
            record.id,
            record.name,
            all_implied(record.scopes),
            expires=record.expires,
            own_worker=own,
        )
        return caller, record

    def admit(self, caller: Caller) -> bool:
        """Whether somebody who was let in would be again: keys are revoked, and expire."""
        if caller.key is None:
            return self.open
        return self._ring.active(caller.key, now=time.time())

    def is_own(self, record: KeyRecord) -> bool:
        """Whether a key is that of the server's own workers."""
        return record.id == self.worker_key.record.id

    def check_exposure(self, store: Path) -> None:
        """Raise `SettingError` where the settings would let strangers in, or keys be overheard.

        ``store`` is where a key would be made.
        """
        settings = self._settings
        if settings.loopback and not settings.behind_proxy:
            return
        where = "behind a proxy" if settings.behind_proxy else f"on {settings.host}"
        if not self._ring.any_active(time.time()):
            raise SettingError(
                f"Without a key the server does not listen {where}",
                remedy="`task2vec keys create NAME --scope admin --store "
                f"{shlex.quote(str(store))}` makes one.",
            )
        safe = settings.loopback or settings.tls or settings.behind_proxy
        if not safe and not settings.insecure_http:
            raise SettingError(
                f"Without TLS the server does not listen {where}: keys would cross the network in "
                "the clear",
                expected="--tls-cert and --tls-key, or --behind-proxy with a proxy that ends TLS",
                remedy="`--insecure-http` does it nevertheless.",
            )


def _own_key() -> NewKey:
    # It lives in the memory of this process and of its workers only.
    return draw("workers of this server", {Scope.WORK, Scope.READ})
