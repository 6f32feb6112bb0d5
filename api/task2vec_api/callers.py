"""Who may call an operation, as types of endpoint parameters."""

from typing import Annotated

from fastapi import Depends

from task2vec.types import Scope
from task2vec_api.access import Caller, require

Reader = Annotated[Caller, Depends(require(Scope.READ))]
"""Reads, and asks questions that change nothing."""

Writer = Annotated[Caller, Depends(require(Scope.WRITE))]
"""Uploads, embeds, edits, removes."""

Worker = Annotated[Caller, Depends(require(Scope.WORK))]
"""Takes jobs and hands in what came out."""

ReaderOrWorker = Annotated[Caller, Depends(require(Scope.READ, Scope.WORK))]
"""Downloads what jobs work on."""
