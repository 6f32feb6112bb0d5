"""What the parts of a local client share."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from task2vec.service.workspace import Workspace


class Part:
    """A part of a local client, on its workspace."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace
