"""Finds the documents, and the blocks of code in them.

A block is told by the first line of its fence:

- ``python``, ``bash`` and ``console`` run; of ``console``, the lines that begin with ``$``.
- A language followed by a file name is a file: the block is written to it, in the page's folder.
- Any other language (``text``, ``json``, ...) is there to be read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_MADE = ("demo-out", "build", "node_modules")
_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^`]*)$")


@dataclass(frozen=True)
class Block:
    """A fenced block: ``line`` is the number of its first line of code."""

    line: int
    language: str
    file: str | None
    code: str

    @property
    def runs(self) -> bool:
        return self.file is None and self.language in ("python", "bash", "console")


def pages() -> list[Path]:
    """Return the pages whose snippets run."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def documents() -> list[Path]:
    """Return every Markdown file of the repository."""
    hidden = (path for path in ROOT.rglob("*.md") if not _hidden(path.relative_to(ROOT)))
    return sorted(hidden)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part in _MADE for part in path.parts)


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page in order."""
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        opened = _FENCE.match(line)
        if opened is None:
            continue
        language, _, file = opened["info"].strip().partition(" ")
        indent = len(opened["indent"])
        code: list[str] = []
        for _, inner in lines:
            if inner.strip() == "```":
                break
            code.append(inner[indent:])
        else:
            raise ValueError(f"the block that begins in line {number} has no end")
        yield Block(number + 1, language, file or None, "\n".join(code) + "\n")


def prose(text: str) -> str:
    """Return a page without its blocks and inline code, where links are not links."""
    kept, inside = [], False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            kept.append(re.sub(r"`[^`]*`", "", line))
    return "\n".join(kept)


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    found: set[str] = set()
    inside = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside and (heading := re.match(r"#+ +(.*)", line)):
            words = re.sub(r"[^\w\- ]", "", heading[1].strip().lower())
            found.add(words.replace(" ", "-"))
    return found
