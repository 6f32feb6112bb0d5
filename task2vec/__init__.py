"""Which known tasks does a labelled image set resemble, and which model should it start from?

    import task2vec

    birds = task2vec.embed("photos/birds")
    print(task2vec.symmetric_distance(birds, task2vec.embed("photos/dogs")))

    print(task2vec.recommend("photos/dogs").reason)

`recommend`, `neighbours`, `finetune`, `compare`, `evaluate` and `predict` work on the default
store: the folder that ``TASK2VEC_STORE`` names, or ``task2vec-store``.
``task2vec.LocalClient(FOLDER)`` has all that can be done with a store, ``task2vec.Client(URL)`` the
same on a server's store.

Importing this package loads no torch; what needs it loads it when it is called.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from task2vec.version import __version__ as __version__

if TYPE_CHECKING:
    from task2vec.client.client import AsyncClient, Client
    from task2vec.client.local import (
        LocalClient,
        compare,
        evaluate,
        finetune,
        neighbours,
        predict,
        recommend,
    )
    from task2vec.data.open import open_source
    from task2vec.distance import distance_error, distance_interval
    from task2vec.distance import task_asymmetric_distance as asymmetric_distance
    from task2vec.distance import task_complexity as complexity
    from task2vec.distance import task_information_distance as information_distance
    from task2vec.distance import task_symmetric_distance as symmetric_distance
    from task2vec.dynamics.monitor import InformationMonitor
    from task2vec.embedding.embed import embed
    from task2vec.embedding.files import load_embedding
    from task2vec.embedding.information import information
    from task2vec.errors import (
        AccessError,
        AnswerNotKeptError,
        ChangedError,
        DeadlineError,
        EmbeddingWarning,
        InputError,
        InternalError,
        JobCancelledError,
        JobError,
        JobFailedError,
        KeyReusedError,
        LeaseLostError,
        MissingExtraError,
        NameTakenError,
        NoStoreError,
        NotAllowedError,
        NotAuthenticatedError,
        OverloadedError,
        PageTokenError,
        RefusedAddressError,
        ServiceError,
        SettingError,
        SourceError,
        SpaceMismatchError,
        StateError,
        StillAtWorkError,
        StoreBusyError,
        StoreCorruptError,
        StoreError,
        StoreFullError,
        StoreOwnedError,
        Task2VecError,
        TooLargeError,
        UnknownNameError,
        UnreachableError,
        WeightsError,
        WrongTypeError,
    )
    from task2vec.types import TaskEmbedding

__all__ = [
    "AccessError",
    "AnswerNotKeptError",
    "AsyncClient",
    "ChangedError",
    "Client",
    "DeadlineError",
    "EmbeddingWarning",
    "InformationMonitor",
    "InputError",
    "InternalError",
    "JobCancelledError",
    "JobError",
    "JobFailedError",
    "KeyReusedError",
    "LeaseLostError",
    "LocalClient",
    "MissingExtraError",
    "NameTakenError",
    "NoStoreError",
    "NotAllowedError",
    "NotAuthenticatedError",
    "OverloadedError",
    "PageTokenError",
    "RefusedAddressError",
    "ServiceError",
    "SettingError",
    "SourceError",
    "SpaceMismatchError",
    "StateError",
    "StillAtWorkError",
    "StoreBusyError",
    "StoreCorruptError",
    "StoreError",
    "StoreFullError",
    "StoreOwnedError",
    "Task2VecError",
    "TaskEmbedding",
    "TooLargeError",
    "UnknownNameError",
    "UnreachableError",
    "WeightsError",
    "WrongTypeError",
    "asymmetric_distance",
    "compare",
    "complexity",
    "distance_error",
    "distance_interval",
    "embed",
    "evaluate",
    "finetune",
    "information",
    "information_distance",
    "load_embedding",
    "neighbours",
    "open_source",
    "predict",
    "recommend",
    "symmetric_distance",
]

_HOMES = {
    "AsyncClient": ("task2vec.client.client", "AsyncClient"),
    "Client": ("task2vec.client.client", "Client"),
    "InformationMonitor": ("task2vec.dynamics.monitor", "InformationMonitor"),
    "LocalClient": ("task2vec.client.local", "LocalClient"),
    "TaskEmbedding": ("task2vec.types", "TaskEmbedding"),
    "asymmetric_distance": ("task2vec.distance", "task_asymmetric_distance"),
    "complexity": ("task2vec.distance", "task_complexity"),
    "distance_error": ("task2vec.distance", "distance_error"),
    "distance_interval": ("task2vec.distance", "distance_interval"),
    "embed": ("task2vec.embedding.embed", "embed"),
    "information": ("task2vec.embedding.information", "information"),
    "information_distance": ("task2vec.distance", "task_information_distance"),
    "load_embedding": ("task2vec.embedding.files", "load_embedding"),
    "open_source": ("task2vec.data.open", "open_source"),
    "symmetric_distance": ("task2vec.distance", "task_symmetric_distance"),
}
_HOMES |= {
    name: ("task2vec.client.local", name)
    for name in ("compare", "evaluate", "finetune", "neighbours", "predict", "recommend")
}
# All others are errors.
_HOMES |= {name: ("task2vec.errors", name) for name in __all__ if name not in _HOMES}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'task2vec' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    try:
        if name == "information":
            # Its answer shows itself in a notebook, as those of clients do.
            import_module("task2vec.client.show.notebook")
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        from task2vec.extras import missing_extra

        raise missing_extra(error, what=f"task2vec.{name}") from error


def __dir__() -> list[str]:
    loaded = {name for name in globals() if f"task2vec.{name}" in sys.modules}
    return sorted({*__all__, *loaded, *(name for name in globals() if name.startswith("__"))})
