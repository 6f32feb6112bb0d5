"""JSON documents that must not change: what varies taken out, and differences by their place."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
#: Another processor sums in another order; a number in a text may round to its neighbour.
RELATIVE, ABSOLUTE = 1e-3, 1e-5

_ID = re.compile(r"\b(tsk|mdl|out|key|job|dst|bat)_[0-9a-z]{12,}\b")
_VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?"), "<time>"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "<server>"),
    (re.compile(r"\babout [\d.]+ s\b"), "about <seconds> s"),
)
_DECIMAL = re.compile(r"(-?\d+\.\d+)")
#: Fields whose number is another one in each run.
_SECONDS = {"seconds", "seconds_left", "expected"}


def steady(found: Any, *, root: Path, hidden: frozenset[str] = frozenset()) -> Any:
    """Return a JSON value in which ids, times, addresses and the folder ``root`` have fixed names.

    Ids are numbered in the order in which they appear. ``hidden`` names more fields that vary.
    """
    names: dict[str, str] = {}

    def text(value: str) -> str:
        value = value.replace(str(root.resolve()), "<root>")
        for pattern, name in _VARYING:
            value = pattern.sub(name, value)
        return _ID.sub(
            lambda m: names.setdefault(m[0], f"<{m[1]} {len(names) + 1}>"),
            value,
        )

    def walk(value: Any) -> Any:
        match value:
            case {"versions": dict()}:
                return walk({**value, "versions": sorted(value["versions"])})
            case dict():
                return {
                    text(key): f"<{key}>"
                    if key in hidden or (key in _SECONDS and isinstance(item, int | float))
                    else walk(item)
                    for key, item in value.items()
                }
            case list():
                return [walk(item) for item in value]
            case str():
                return text(value)
        return value

    return walk(found)


def differences(
    expected: Any, got: Any, place: str = "", *, relative: float = RELATIVE
) -> Iterator[str]:
    """Yield a line for each difference between two JSON values, with its JSON Pointer."""
    match expected, got:
        case dict(), dict():
            for key in expected.keys() | got.keys():
                where = f"{place}/{key}"
                if key not in got:
                    yield f"{where}: gone, was {_short(expected[key])}"
                elif key not in expected:
                    yield f"{where}: new, {_short(got[key])}"
                else:
                    yield from differences(expected[key], got[key], where, relative=relative)
        case list(), list():
            if len(expected) != len(got):
                yield f"{place}: {len(got)} items, were {len(expected)}"
            for i, (one, other) in enumerate(zip(expected, got, strict=False)):
                yield from differences(one, other, f"{place}/{i}", relative=relative)
        case _ if not _same(expected, got, relative=relative):
            yield f"{place}: {_short(got)}, was {_short(expected)}"


def _same(expected: Any, got: Any, *, relative: float) -> bool:
    if type(expected) is not type(got):
        return False
    if isinstance(expected, float):
        return math.isclose(expected, got, rel_tol=relative, abs_tol=ABSOLUTE)
    if isinstance(expected, str) and expected != got:
        ours, theirs = _DECIMAL.split(expected), _DECIMAL.split(got)
        return ours[::2] == theirs[::2] and all(
            abs(float(a) - float(b)) <= 1.01 * 10.0 ** -len(a.partition(".")[2])
            for a, b in zip(ours[1::2], theirs[1::2], strict=True)
        )
    return bool(expected == got)


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:200]


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def check(name: str, got: Any, *, accept: bool, relative: float = RELATIVE) -> None:
    """Compare with the frozen document ``name`` in this folder; with ``accept`` write it anew."""
    path = FOLDER / name
    was = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    found = sorted(differences(was, got, relative=relative))
    if found and accept:
        write(path, got)
    elif found:
        raise AssertionError(
            f"{len(found)} differences from tests/frozen/{name}:\n  "
            + "\n  ".join(found[:40])
            + "\nIf the change is intended: python -m pytest tests/frozen --accept, then read "
            "`git diff tests/frozen`."
        )


def answers(out: str) -> Mapping[str, Any] | list[Any]:
    """Return what a command printed: one JSON document, or the list of its JSON lines."""
    try:
        document: Mapping[str, Any] = json.loads(out)
    except json.JSONDecodeError:
        return [json.loads(line) for line in out.splitlines()]
    return document
