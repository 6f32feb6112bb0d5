"""The routes of an app, and which of them an address belongs to."""

import re
from functools import lru_cache

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import compile_path

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
