"""The three clients have one surface."""

import inspect
from collections.abc import Iterator

import pytest

from task2vec import AsyncClient, Client, LocalClient
from task2vec.client import async_client, client
from task2vec.client.local import absent, records

PARTS = {
    "Client": (Client, AsyncClient, LocalClient),
    **{
        name: (getattr(client, name), getattr(async_client, name), getattr(home, name))
        for name, home in {
            "Tasks": records,
            "Models": records,
            "Outcomes": records,
            "Jobs": absent,
            "Datasets": absent,
        }.items()
    },
}


def public(kind: type) -> dict[str, object]:
    """Return the public methods of a class, those of its lifetime left out."""
    members = inspect.getmembers(kind, inspect.isfunction)
    return {name: member for name, member in members if name[0] != "_" and name != "close"}


def methods() -> Iterator[tuple[str, str]]:
    for part, (kind, _, _) in PARTS.items():
        for name in public(kind):
            yield part, name


@pytest.mark.parametrize("part", PARTS)
def test_all_have_the_same_methods(part: str) -> None:
    first, *others = (set(public(kind)) for kind in PARTS[part])

    assert first
    assert others == [first, first]


@pytest.mark.parametrize(("part", "method"), list(methods()))
def test_a_method_has_the_same_arguments_and_words_everywhere(part: str, method: str) -> None:
    described = []
    for kind in PARTS[part]:
        found = getattr(kind, method)
        parameters = list(inspect.signature(found).parameters.values())[1:]
        described.append(([(p.name, p.kind, p.default) for p in parameters], inspect.getdoc(found)))

    assert described[0][1]
    assert described[1:] == described[:1] * 2
