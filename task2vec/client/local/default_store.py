"""What `LocalClient` does, as functions on the default store: that of ``TASK2VEC_STORE``."""

import inspect
import os
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from task2vec.client.backend import OnWarning, ShowProgress
from task2vec.client.local import LocalClient
from task2vec.client.operations.work import ImagePaths
from task2vec.data.paths import DEFAULT_STORE
from task2vec.messages.models import Model
from task2vec.messages.predictions import Prediction

P = ParamSpec("P")
R = TypeVar("R")


def _on_default_store(method: Callable[[LocalClient], Callable[P, R]]) -> Callable[P, R]:
    """Return the function that opens the default store, calls a method, and closes the store."""
    described = method(LocalClient)  # type: ignore[arg-type]  # names and documents, no call

    @wraps(described)
    def function(*args: P.args, **kwargs: P.kwargs) -> R:
        with LocalClient(os.environ.get("TASK2VEC_STORE", DEFAULT_STORE)) as client:
            return method(client)(*args, **kwargs)

    signature = inspect.signature(described)
    (_, *parameters) = signature.parameters.values()
    function.__dict__["__signature__"] = signature.replace(parameters=parameters)
    function.__module__ = "task2vec"
    return function


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
    with LocalClient(os.environ.get("TASK2VEC_STORE", DEFAULT_STORE)) as client:
        return list(client.predict(model, images, warn=warn, progress=progress))
