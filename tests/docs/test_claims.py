"""Numbers and names that the documents quote are those of the code."""

import re
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import pytest
from documents import ROOT

CONSTANT = re.compile(r"^\| [^|]+ \| ([-\d.e]+) \| `(task2vec[\w.]+)` \|$", flags=re.M)


def look_up(dotted: str) -> Any:
    """Return a constant of a module, or the default of a field of a dataclass."""
    module, _, name = dotted.rpartition(".")
    try:
        found = import_module(module)
    except ModuleNotFoundError:
        owner = look_up(module)
        assert is_dataclass(owner)
        return next(field.default for field in fields(owner) if field.name == name)
    return getattr(found, name)


CONSTANTS = CONSTANT.findall((ROOT / "docs" / "concepts.md").read_text(encoding="utf-8"))


def test_the_table_of_constants_is_found() -> None:
    assert len(CONSTANTS) >= 10


@pytest.mark.parametrize(("value", "dotted"), CONSTANTS)
def test_constants_are_those_of_the_code(value, dotted) -> None:
    assert float(value) == look_up(dotted)


def test_contributing_lists_every_make_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)$", makefile, flags=re.M)[1].split())
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `make ([\w-]+)` \|", text, flags=re.M)) == targets


RECIPES = re.findall(
    r"^- `([\w/.]+)`: (.*(?:\n  .*)*)", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), flags=re.M
)


def test_the_lists_of_what_to_touch_are_found() -> None:
    assert len(RECIPES) >= 20


@pytest.mark.parametrize(("file", "told"), RECIPES, ids=[file for file, _ in RECIPES])
def test_what_contributing_says_to_touch_is_there(file, told) -> None:
    text = (ROOT / file).read_text("utf-8")
    for named in re.findall(r"`([^`]+)`", told):
        assert (ROOT / named).exists() if "/" in named else named in text


def test_the_index_links_every_page() -> None:
    docs = ROOT / "docs"
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", (docs / "index.md").read_text("utf-8")))
    assert linked == {path.name for path in docs.glob("*.md")} - {"index.md"}
