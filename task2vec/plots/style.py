"""Colours and shapes: a group is told by both, so that neither eye nor printer needs colour."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# Okabe and Ito (2008), "Color Universal Design", without its yellow, which is lost on white, and
# with a dark grey for black, which is the colour of text.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#484848")
# One more than there are colours: the two cycles meet again only after 7 * 8 groups.
SHAPES = ("o", "s", "^", "D", "v", "P", "X", "*")
# Factors that make the shapes look equally large.
EVEN_SIZE = dict(zip(SHAPES, (1.0, 0.92, 1.1, 0.85, 1.1, 1.1, 1.1, 1.5), strict=True))

INK = "#222222"
FAINT_INK = "#6B6B6B"
LEADER = "#9A9A9A"
PAPER = "#FFFFFF"


@dataclass(frozen=True)
class GroupStyle:
    """How the points of one group look: a colour as #RRGGBB and a matplotlib marker."""

    colour: str
    shape: str


# Fainter than any group: what has no tag should not look like one more kind.
UNGROUPED = GroupStyle(colour="#8C8C8C", shape="o")


def in_order(name: str) -> list[tuple[int, str]]:
    """Return a sort key that puts "fold 2" before "fold 10"."""
    return [(int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", name)]


def group_styles(groups: Iterable[str]) -> dict[str, GroupStyle]:
    """Return a style for each distinct name, the same whatever the order of the tasks."""
    return {
        group: GroupStyle(PALETTE[i % len(PALETTE)], SHAPES[i % len(SHAPES)])
        for i, group in enumerate(sorted(set(groups), key=in_order))
    }
