"""The probes that are known by name on this machine."""

from typing import TYPE_CHECKING

from task2vec.client.local.answers import answer
from task2vec.errors import StoreError
from task2vec.messages.catalogue import Probe

if TYPE_CHECKING:
    from task2vec.service.workspace import Workspace


def known(workspace: "Workspace") -> tuple[Probe, ...]:
    """Return them in the order of their packages; no weights are loaded.

    How many filters one has is known from the tasks of a store, whose state is not at issue here.
    """
    from task2vec.service.tasks.catalogue import list_probes

    try:
        has_store = workspace.existing_store() is not None
    except StoreError:
        has_store = False
    if has_store:
        return tuple(answer(Probe, found) for found in list_probes(workspace))
    return _by_cards()


def _by_cards() -> tuple[Probe, ...]:
    from dataclasses import asdict

    from task2vec.probe.registry import known_cards

    return tuple(
        answer(
            Probe,
            {
                **asdict(card),
                "packaged": card.packaged,
                "input_size": card.preprocessing.input_size,
                "filters": None,
            },
        )
        for card in known_cards()
    )
