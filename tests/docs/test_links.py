"""Links between documents lead somewhere."""

import re
from pathlib import Path

import pytest
from documents import ROOT, anchors, documents, prose

LINK = re.compile(r"\]\(<?([^()\s>]*(?:\([^()\s]*\))?[^()\s>]*)>?(?: \"[^\"]*\")?\)")
IMAGE = re.compile(r"(?:src|href|srcset)=\"([^\"\s]+)")


def broken(page: Path, text: str) -> list[str]:
    """Return the relative links of a page that lead nowhere."""
    found = []
    visible = prose(text)
    for link in (*LINK.findall(visible), *IMAGE.findall(visible)):
        if re.match(r"[a-z][a-z0-9+.-]*:|//", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists():
            found.append(link)
        elif anchor and target.suffix == ".md":
            there = text if target == page else target.read_text(encoding="utf-8")
            if anchor not in anchors(there):
                found.append(link)
    return found


@pytest.mark.parametrize("page", documents(), ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page) -> None:
    assert broken(page, page.read_text(encoding="utf-8")) == []


def test_broken_links_are_found(tmp_path) -> None:
    (tmp_path / "b.md").write_text("# Two words!\n\n```text\n# none\n```\n")
    page = tmp_path / "a.md"
    text = """# Here
[a](b.md) [b](b.md#two-words) [c](#here) [d](https://x.y/z.md) <img src="b.md">
[e](c.md) [f](b.md#none) [g](#there) ![h](i.png) <img src="j.svg"> `[k](l.md)`
"""
    page.write_text(text)
    assert broken(page, text) == ["c.md", "b.md#none", "#there", "i.png", "j.svg"]
