"""The probes that are known by name on this machine."""

from dataclasses import asdict

from task2vec.errors import StoreError
from task2vec.messages.catalogue import Probe
from task2vec.messages.tasks import TaskListing
from task2vec.probe.registry import known_cards
from task2vec.service.workspace import Workspace
from task2vec.store.tasks.tasks import Tasks


def list_probes(workspace: Workspace) -> tuple[Probe, ...]:
    """Return them in the order of their packages; no weights are loaded.

    How many filters one has is known once a task was embedded with it.
    """
    try:
        store = workspace.existing_store()
    except StoreError:
        # The state of the store is not at issue here.
        store = None
    return tuple(
        Probe.model_validate(
            {
                **asdict(card),
                # A file of this machine is nobody else's business.
                "weights": None if card.weights.startswith("file:") else card.weights,
                "input_size": card.preprocessing.input_size,
                "filters": store and _filters(store.tasks, card.name),
                "packaged": card.packaged,
            }
        )
        for card in known_cards()
    )


def _filters(tasks: Tasks, probe: str) -> int | None:
    embedded = tasks.page(TaskListing(probe=probe), limit=1)
    return tasks.elements(embedded[0].space) if embedded else None
