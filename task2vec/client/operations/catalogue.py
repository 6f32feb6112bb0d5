"""Probes, and the map of the task space."""

import os
from pathlib import Path
from typing import Any

from task2vec.atomic_file import atomic_file, check_place, writable
from task2vec.client.operations.asking import ask
from task2vec.client.request import Method, Request, get
from task2vec.client.senders import call
from task2vec.client.steps import Sender, Steps, compute
from task2vec.errors import InputError
from task2vec.messages.base import Question
from task2vec.messages.catalogue import MapMethod, Probe, Probes, TaskMap

_PICTURES = {".png": "image/png", ".svg": "image/svg+xml"}
_WHAT = "The map"


class MapQuestion(Question):
    """How a map is laid out."""

    method: MapMethod
    tag: str | None = None
    seed: int = 0


def list_probes(sender: Sender) -> Steps[tuple[Probe, ...]]:
    """Return the probes that are known by name."""
    found = yield from call(sender, get("/probes", Probes))
    return found.probes


def draw_map(
    sender: Sender,
    path: str | os.PathLike[str] | None = None,
    *,
    method: str = "mds",
    tag: str | None = None,
    thumbnails: bool = False,
    seed: int = 0,
) -> Steps[TaskMap]:
    """Lay out the stored tasks in the plane; write the picture to ``path`` if one is given.

    ``path`` ends in .png or .svg (of a local store also .pdf). A task's first tag is its group.
    Raises `InputError` when there is nothing to draw, or the picture cannot be written, which is
    seen before it is drawn.
    """
    asked = ask(MapQuestion, method=method, tag=tag, seed=seed)
    query: dict[str, Any] = asked.model_dump(mode="json") | {"thumbnails": thumbnails}
    if path is not None:
        yield from compute(lambda: _check_target(Path(path)))
    found = yield from call(sender, get("/map", TaskMap, **query))
    if path is not None:
        picture = yield from call(sender, _picture(Path(path), query))
        yield from compute(lambda: _write(Path(path), picture))
    return found


def _picture(path: Path, query: dict[str, Any]) -> Request[bytes]:
    return Request(
        Method.GET,
        "/map",
        lambda answer: answer.content,
        query={name: value for name, value in query.items() if value},
        headers={"Accept": _PICTURES[path.suffix.lower()]},
    )


def _check_target(path: Path) -> None:
    if path.suffix.lower() not in _PICTURES:
        raise InputError(
            f"A map cannot be drawn to {path}",
            expected=f"a file name that ends in {' or '.join(_PICTURES)}",
            got=path.suffix or "no suffix",
        )
    with writable(_WHAT, path):
        check_place(path)


def _write(path: Path, content: bytes) -> None:
    with writable(_WHAT, path), atomic_file(path) as partial:
        partial.write_bytes(content)
