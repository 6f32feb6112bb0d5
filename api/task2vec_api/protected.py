"""No route without a lock."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant

from task2vec_api.access import Require
from task2vec_api.middleware.authentication import PUBLIC
from task2vec_api.served import routes_of


def locks_of(dependant: Dependant) -> Iterator[Require]:
    """Return every `Require` among the dependencies of a route."""
    for inner in dependant.dependencies:
        if isinstance(inner.call, Require):
            yield inner.call
        yield from locks_of(inner)


def check_protected(app: FastAPI) -> None:
    """Raise `RuntimeError` for a route that is not public and does not say who may use it."""
    for route in routes_of(app):
        if route.path in PUBLIC:
            continue
        if len(list(locks_of(route.dependant))) != 1:
            raise RuntimeError(
                f"{sorted(route.methods or ())} {route.path} needs exactly one require(...)"
            )
