"""The OpenAPI document, and with it every message, those of workers included."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from frozen_json import differences

from task2vec.service.workspace import Workspace
from task2vec_api import create_app
from task2vec_api.settings import Settings


def document(folder: Path) -> dict[str, Any]:
    return create_app(Workspace(folder), Settings()).openapi()


def folded(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document in sorted order, each response written once.

    The hundreds of equal refusals would be four fifths of it.
    """
    seen: dict[str, str] = {}

    def walk(value: Any, place: str) -> Any:
        if isinstance(value, list):
            return [walk(item, f"{place}/{i}") for i, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        found = {key: walk(item, f"{place}/{key}") for key, item in sorted(value.items())}
        if place.rpartition("/")[0].endswith("/responses"):
            first = seen.setdefault(repr(found), place)
            return found if first == place else {"same as": first}
        return found

    result: dict[str, Any] = walk(document, "")
    return result


def test_the_http_surface_is_what_it_was(
    tmp_path: Path, frozen: Callable[[str, Any], None]
) -> None:
    frozen("openapi.json", folded(document(tmp_path)))


def test_a_change_is_told_by_its_place(tmp_path: Path) -> None:
    before, after = folded(document(tmp_path)), folded(document(tmp_path))
    lease = after["components"]["schemas"]["Lease"]["properties"]
    del lease["fence"]
    lease["job"]["type"] = "integer"

    place = "/components/schemas/Lease/properties"
    told = sorted(differences(before, after))
    assert len(told) == 2
    assert told[0].startswith(f"{place}/fence: gone, was ")
    assert told[1] == f'{place}/job/type: "integer", was "string"'
