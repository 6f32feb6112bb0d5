"""A query parameter that nobody takes is a mistake: a misspelt filter would filter nothing.

One that comes twice where one is taken is another: which of them counts?
"""

from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError

from task2vec.types.near_names import did_you_mean
from task2vec_api.route_lookup import route_of


async def only_known(request: Request) -> None:
    """Raise `RequestValidationError` for query parameters that the operation does not take."""
    given = [name for name, _ in request.query_params.multi_items()]
    if not given:
        return
    route = route_of(request.app, request.method, request.scope["path"])
    taken = {} if route is None else dict(_taken(route.dependant))
    faults = []
    for name in dict.fromkeys(given):
        if name not in taken:
            known = ", ".join(sorted(taken)) or "none"
            faults.append((name, f"Not a parameter of this operation, which takes: {known}"))
        elif given.count(name) > 1 and not _is_list(taken[name]):
            faults.append((name, f"Taken once, and given {given.count(name)} times"))
    if faults:
        raise RequestValidationError(
            [
                {"type": "extra_forbidden", "loc": ("query", name), "msg": message, "input": None}
                for name, message in faults
            ]
        )


def near_field(request: Request, location: Sequence[int | str]) -> str | None:
    """Return the question after the fields of the body that are near the unknown one at a location.

    None where no field is near.
    """
    route = route_of(request.app, request.method, request.scope["path"])
    body = None if route is None else route.body_field
    if body is None or location[:1] != ("body",):
        return None
    model: Any = body.field_info.annotation
    for part in location[1:-1]:
        fields = getattr(model, "model_fields", {})
        if part not in fields:
            return None
        model = fields[part].annotation
    return did_you_mean(str(location[-1]), getattr(model, "model_fields", {}))


def _taken(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    """Yield the name and the type of every query parameter of an operation."""
    for field in dependant.query_params:
        yield field.alias, field.field_info.annotation
    for inner in dependant.dependencies:
        yield from _taken(inner)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list or any(map(_is_list, get_args(annotation)))
