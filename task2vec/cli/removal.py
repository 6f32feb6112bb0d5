"""Removing outcomes in lots, where a server does not take all at once."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from task2vec.errors import UnknownNameError

if TYPE_CHECKING:
    from task2vec.cli.options import AnyClient
    from task2vec.messages.outcomes import Outcome

#: As many as a server lists at once.
_PAGE = 1000


class Removal:
    """What was ``removed``, of which ids that is ``left`` to do, and how many were ``gone`` before.

    At most ``lot`` go at once, each lot wholly or not at all. ``again`` says which outcomes there
    are now: of those that nobody named by their ids, others may have removed some meanwhile.
    """

    def __init__(
        self,
        client: "AnyClient",
        ids: Sequence[str],
        *,
        lot: int,
        again: Callable[[], Sequence[str]] | None = None,
    ) -> None:
        self.removed: list[Outcome] = []
        self.left = list(ids)
        self.gone = 0
        self._client = client
        self._lot = lot
        self._again = again

    def run(self) -> None:
        """Remove all; what an error or an interruption stops stays ``left``.

        Raises `UnknownNameError` for an id that was given and is not there, before any is removed.
        """
        if self._again is None and len(self.left) > self._lot:
            self._check()
        while self.left:
            try:
                self.removed += self._client.outcomes.remove_many(self.left[: self._lot])
            except UnknownNameError:
                if self._again is None or not self._forget(self._again):
                    raise
            else:
                self.left = self.left[self._lot :]

    def _check(self) -> None:
        known = {each.id for each in self._client.outcomes.list(page_size=_PAGE)}
        lacking = [id_ for id_ in self.left if id_ not in known]
        if lacking:
            raise UnknownNameError.of_outcomes(lacking)

    def _forget(self, again: Callable[[], Sequence[str]]) -> bool:
        """Forget what somebody else has removed; return whether that was anything."""
        there = set[str]()
        # With a model or a task its outcomes went as well.
        with suppress(UnknownNameError):
            there.update(again())
        before, self.left = len(self.left), [id_ for id_ in self.left if id_ in there]
        self.gone += before - len(self.left)
        return before > len(self.left)
