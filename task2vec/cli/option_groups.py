"""Groups of options: dataclasses whose fields are options of every command that takes one."""

from collections.abc import Callable, Iterator
from dataclasses import Field, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

T = TypeVar("T")


def grouped(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command the options of its groups: of each parameter that is a dataclass, its fields.

    The command is called with the dataclass. A field is an option by its annotation, as a parameter
    is, or by its metadata, as a setting of the server.
    """
    kinds = get_type_hints(command, include_extras=True)
    parameters: list[Parameter] = []
    groups: dict[str, type[Any]] = {}
    for each in signature(command).parameters.values():
        kind = kinds[each.name]
        if is_dataclass(kind) and isinstance(kind, type):
            groups[each.name] = kind
            parameters += _options_of(kind)
        else:
            parameters.append(each.replace(annotation=kind, kind=Parameter.KEYWORD_ONLY))

    @wraps(command)
    def with_groups(**given: Any) -> T:
        for name, group in groups.items():
            values = {field.name: _value(field, given.pop(field.name)) for field in fields(group)}
            given[name] = group(**values)
        return command(**given)

    with_groups.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    with_groups.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_groups


def _options_of(group: type[Any]) -> Iterator[Parameter]:
    kinds = get_type_hints(group, include_extras=True)
    for field in fields(group):
        kind, default = kinds[field.name], field.default
        if isinstance(default, tuple):
            kind, default = list[str], list(default)
        if bounds := field.metadata:
            choices = f" One of {', '.join(bounds['choices'])}." if bounds["choices"] else ""
            numeric = kind in (int, float)
            option = typer.Option(
                help=bounds["meaning"] + choices,
                min=bounds["at_least"] if numeric else None,
                max=bounds["at_most"] if numeric else None,
            )
            kind = Annotated[kind, option]
        yield Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _value(field: Field[Any], given: Any) -> Any:
    """Return the value of a field for one of an option, which gives several as a list."""
    return tuple(given) if isinstance(field.default, tuple) else given
