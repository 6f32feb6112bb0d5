"""YAML from strangers: plain strings, lists and mappings only."""

from typing import Any

import yaml

from task2vec.data.wording import shown
from task2vec.errors import SourceError

MAX_YAML_BYTES = 2**18
"""Bytes of a document: the names of a thousand classes take a tenth; parsing takes seconds a MB."""


class _Loader(yaml.BaseLoader):
    """Makes every scalar a string (``no`` is a name, too) and refuses aliases.

    A few lines of aliases to aliases stand for billions of elements.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not accepted")
        return super().compose_node(parent, index)


def parse_yaml(contents: bytes, *, called: str) -> Any:
    """Return the document as strings, lists and dictionaries; raises `SourceError`."""
    if len(contents) > MAX_YAML_BYTES:
        raise SourceError(
            f"{called} is too large",
            expected=f"at most {MAX_YAML_BYTES // 1024} KiB",
            got=f"{len(contents) // 1024} KiB",
        )
    try:
        return yaml.load(contents, Loader=_Loader)
    # Deep nesting exhausts the stack; odd bytes and keys show as ValueError and TypeError.
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise SourceError(f"{called} is no YAML", got=shown(str(error))) from error
