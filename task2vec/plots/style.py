"""Colours and shapes: a group is told by both, so that neither eye nor printer needs colour."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# Okabe and Ito (2008), "Color Universal Design", without its yellow, which is lost on white, and
# with a dark grey for black, which is the colour of text.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#484848")
# One more than there are colours: a shade of a colour has another shape than the colour itself.
SHAPES = ("o", "s", "^", "D", "v", "P", "X", "*")
# Factors that make the shapes look equally large.
EVEN_SIZE = dict(zip(SHAPES, (1.0, 0.92, 1.1, 0.85, 1.1, 1.1, 1.1, 1.5), strict=True))

# How far the shades of a colour go towards black and towards white: nearer they look alike.
_DARKEST, _LIGHTEST = 0.5, 0.5

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
    """Return a style for each distinct name, the same whatever the order of the tasks.

    No colour repeats. With more groups than the palette has colours, darker and lighter shades of
    them follow, each with another shape than the colour itself has.
    """
    names = sorted(set(groups), key=in_order)
    rounds = -(-len(names) // len(PALETTE))
    return {
        name: GroupStyle(
            _shade(PALETTE[i % len(PALETTE)], i // len(PALETTE), rounds=rounds),
            SHAPES[i % len(SHAPES)],
        )
        for i, name in enumerate(names)
    }


def _shade(colour: str, turn: int, *, rounds: int) -> str:
    """Return the colour itself for turn 0, then in turn darker and lighter shades of it."""
    if turn == 0:
        return colour
    step, steps = (turn + 1) // 2, rounds // 2
    if turn % 2:
        goal, share = "#000000", _DARKEST * step / steps
    else:
        goal, share = PAPER, _LIGHTEST * step / max(1, (rounds - 1) // 2)
    # Notebooks of clients, which have no matplotlib, take the same colours.
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(goal[1:]), strict=True)
    mixed = bytes(round((1 - share) * own + share * other) for own, other in pairs)
    return f"#{mixed.hex().upper()}"
