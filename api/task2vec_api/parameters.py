"""A query parameter that nobody takes is a mistake: a misspelt filter would filter nothing."""

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError

from task2vec_api.served import route_of


async def only_known(request: Request) -> None:
    """Raise `RequestValidationError` for query parameters that the operation does not take."""
    if not request.query_params:
        return
    route = route_of(request.app, request.method, request.scope["path"])
    known = frozenset[str]() if route is None else _names(route.dependant)
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        taken = ", ".join(sorted(known)) or "none"
        message = f"Not a parameter of this operation, which takes: {taken}"
        raise RequestValidationError(
            [
                {"type": "extra_forbidden", "loc": ("query", name), "msg": message, "input": None}
                for name in dict.fromkeys(unknown)
            ]
        )


def _names(dependant: Dependant) -> frozenset[str]:
    return frozenset(field.alias for field in dependant.query_params).union(
        *map(_names, dependant.dependencies)
    )
