"""The HTTP service: `create_app` makes it, `task2vec serve` runs it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from task2vec_api.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    # The settings are read by a command line that may lack the server's libraries.
    if name == "create_app":
        from task2vec_api.app import create_app

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
