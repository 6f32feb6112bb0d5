"""The client that works on a store of this machine, without a server."""

import inspect
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from task2vec.client.backend import OnWarning, ShowProgress
from task2vec.client.client import BlockingClient
from task2vec.client.operations.work import ImagePaths
from task2vec.data.paths import DEFAULT_STORE, default_store, expanded
from task2vec.extras import needing_extras
from task2vec.messages.models import Model
from task2vec.messages.predictions import Prediction

P = ParamSpec("P")
R = TypeVar("R")


class LocalClient(BlockingClient):
    """`task2vec.Client` without a server: one store, and this process to do the work.

    ``path`` is the folder of the store; it is created by the first thing that is stored. Use it as
    a context manager, or `close` it. Its methods have the arguments and results of a `Client`; what
    it does not have are jobs (`jobs` is empty, ``wait=False`` is refused) and data sets.
    """

    def __init__(self, path: str | os.PathLike[str] = DEFAULT_STORE) -> None:
        # SQLAlchemy takes a third of a second to import: that is paid by who makes a client.
        with needing_extras("A local store"):
            from task2vec.client.local.store import LocalStore
            from task2vec.service.workspace import Workspace

        self.path = Path(path)
        super().__init__(LocalStore(Workspace(self.path)))

    def __repr__(self) -> str:
        return f"LocalClient({str(self.path)!r})"


def _default_client() -> LocalClient:
    return LocalClient(expanded(Path(default_store())))


def _on_default_store(method: Callable[[LocalClient], Callable[P, R]]) -> Callable[P, R]:
    """Return the function that opens the default store, calls a method, and closes the store."""
    described = method(LocalClient)  # type: ignore[arg-type]  # names and documents, no call

    @wraps(described)
    def function(*args: P.args, **kwargs: P.kwargs) -> R:
        with _default_client() as client:
            return method(client)(*args, **kwargs)

    signature = inspect.signature(described)
    (_, *parameters) = signature.parameters.values()
    function.__dict__["__signature__"] = signature.replace(parameters=parameters)
    function.__module__ = "task2vec"
    return function


# What `LocalClient` does, on the store of TASK2VEC_STORE.
compare = _on_default_store(lambda client: client.compare)
evaluate = _on_default_store(lambda client: client.evaluate)
finetune = _on_default_store(lambda client: client.finetune)
neighbours = _on_default_store(lambda client: client.search)
recommend = _on_default_store(lambda client: client.recommend)


def predict(
    model: Model | str,
    images: ImagePaths,
    *,
    warn: OnWarning | None = None,
    progress: ShowProgress = True,
) -> list[Prediction]:
    """Classify new images with an expert of the default store, see `LocalClient.predict`."""
    with _default_client() as client:
        return list(client.predict(model, images, warn=warn, progress=progress))
