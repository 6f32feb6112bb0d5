"""The routes of an app, which of them an address belongs to, and what they take.

A query parameter that nobody takes is a mistake: a misspelt filter would filter nothing. One that
comes twice where one is taken is another: which of them counts?
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, get_args, get_origin

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import compile_path

from task2vec.types.near_names import did_you_mean

_PARAMETER = re.compile(r"\{[^}]*\}")


def routes_of(app: FastAPI) -> list[RouteContext]:
    """Return every route of an app, with its full path, its methods and its dependencies."""
    contexts = iter_route_contexts(app.router.routes)
    return [context for context in contexts if isinstance(context.original_route, APIRoute)]


def allowed_methods(app: FastAPI, path: str) -> list[str]:
    """Return the methods that ``path`` takes, none where no route serves it.

    Frameworks tell those of the first route that fits. Where several templates fit, such as
    ``/jobs/{job}`` and ``/jobs/{job}:cancel``, the address belongs to the most literal one.
    """
    methods: dict[str, set[str]] = {}
    for route in routes_of(app):
        methods.setdefault(route.path or "", set()).update(route.methods or ())
    fitting = [template for template in methods if _compiled(template).match(path)]
    return sorted(methods[max(fitting, key=_literal)]) if fitting else []


def route_of(app: FastAPI, method: str, path: str) -> RouteContext | None:
    """Return the route that ``method`` and ``path`` lead to, None where there is none."""
    fitting = [
        route
        for route in routes_of(app)
        if method in (route.methods or ()) and _compiled(route.path or "").match(path)
    ]
    return max(fitting, key=lambda route: _literal(route.path or ""), default=None)


def takes(route: RouteContext, content_type: str) -> bool:
    """Whether a route says by itself that it takes bodies of a type, as it does for forms."""
    extra = getattr(route.original_route, "openapi_extra", None) or {}
    return content_type in extra.get("requestBody", {}).get("content", {})


@lru_cache(maxsize=200)
def _compiled(template: str) -> re.Pattern[str]:
    return compile_path(template)[0]


def _literal(template: str) -> int:
    return len(_PARAMETER.sub("", template))


async def only_known(request: Request) -> None:
    """Raise `RequestValidationError` for query parameters that the operation does not take."""
    names = [name for name, _ in request.query_params.multi_items()]
    if not names:
        return
    route = route_of(request.app, request.method, request.scope["path"])
    taken = {} if route is None else dict(_taken(route.dependant))
    faults = []
    for name in dict.fromkeys(names):
        if name not in taken:
            all_taken = ", ".join(sorted(taken)) or "none"
            faults.append((name, f"Not a parameter of this operation, which takes: {all_taken}"))
        elif names.count(name) > 1 and not _is_list(taken[name]):
            faults.append((name, f"Taken once, and given {names.count(name)} times"))
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
        message: Any = field.field_info.annotation
        if hasattr(message, "model_fields"):
            for name, info in message.model_fields.items():
                yield name, info.annotation
        else:
            yield field.alias, message
    for inner in dependant.dependencies:
        yield from _taken(inner)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in (list, tuple) or any(map(_is_list, get_args(annotation)))
