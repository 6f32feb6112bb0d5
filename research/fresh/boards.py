"""Chess pieces by kind and side, Mahjong tiles by suit."""

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from examples.rebuild.drawing import Drawing
from research.development.source import Unpack
from research.fresh.packages import PACKAGES, RESVG
from research.fresh.source import GREY, FreshTask, fresh_task, half, pictured
from research.fresh.svg import part, rendered, resvg

CHESS, MAHJONG = PACKAGES["pychess"], PACKAGES["kdegames-mahjongg-data-kf6"]
PIECES = {"k": "king", "q": "queen", "r": "rook", "b": "bishop", "n": "knight", "p": "pawn"}
SIDES = {"w": "white", "b": "black"}
#: Sets of other games, and one that writes the letters of the pieces.
OTHER_GAMES = {"makruk", "sittuyin", "letter"}
TILES = {
    **dict.fromkeys(("BAMBOO", "CHARACTER", "ROD"), 9),
    **dict.fromkeys(("WIND", "SEASON", "FLOWER"), 4),
    "DRAGON": 3,
}
#: A design of letters and digits, which belong to no suit.
WRITTEN = "alphabet"
#: A design whose four flowers are one picture, and whose seasons are another.
ONE_PICTURE = "egypt"
PIECE_FILE = re.compile(r"([wb])([kqrbnp])\.svg")


def piece(file: str) -> tuple[str, str] | None:
    """Return side and piece of ``wn.svg``; None of another file."""
    found = PIECE_FILE.fullmatch(file)
    return (SIDES[found[1]], PIECES[found[2]]) if found else None


def _chess(part_: int, label_of: Callable[[str, str], str]) -> Callable[[Unpack], list[Drawing]]:
    def files(folder: Path) -> Iterator[tuple[tuple[str, str], bytes]]:
        for path in sorted(folder.glob("*/*.svg")):
            found, design = piece(path.name), path.parent.name
            if found and design not in OTHER_GAMES and half(design) == part_:
                side, kind = found
                yield (label_of(side, kind), f"{design}__{side}"), path.read_bytes()

    def drawings(unpack: Unpack) -> list[Drawing]:
        folder = unpack(CHESS) / "usr/share/pychess/pieces"
        return [
            Drawing(label, name, image)
            for (label, name), drawn in rendered(resvg(unpack), files(folder))
            # White pieces show on it, and black ones too.
            if (image := pictured(drawn, ground=GREY)) is not None
        ]

    return drawings


def _mahjong(unpack: Unpack) -> list[Drawing]:
    program = resvg(unpack)
    found = []
    for path in sorted(unpack(MAHJONG).rglob("tilesets/*.svgz")):
        if path.stem == WRITTEN:
            continue
        picture = gzip.decompress(path.read_bytes())
        for suit, count in TILES.items():
            if path.stem == ONE_PICTURE and suit in {"FLOWER", "SEASON"}:
                continue
            for number in range(1, count + 1):
                drawn = part(program, picture, f"{suit}_{number}")
                image = None if drawn is None else pictured(drawn)
                if image is not None:
                    found.append(
                        Drawing(suit.lower(), f"{suit.lower()}_{number}__{path.stem}", image)
                    )
    return found


TASKS: tuple[FreshTask, ...] = (
    fresh_task(
        "chess_pieces",
        _chess(0, lambda _side, kind: kind),
        family="chess",
        superfamily="drawn",
        asks="the kind of a chess piece",
        objects="a piece of one set, in white and black",
        packages=(CHESS, RESVG),
    ),
    fresh_task(
        "chess_men",
        _chess(1, lambda side, kind: f"{side}_{kind}"),
        family="chess",
        superfamily="drawn",
        asks="the kind and side of a chess piece, of other sets",
        objects="a piece of one set",
        packages=(CHESS, RESVG),
    ),
    fresh_task(
        "mahjong_suits",
        _mahjong,
        family="mahjong",
        superfamily="drawn",
        asks="the suit of a Mahjong tile",
        objects="a tile, in five designs",
        packages=(MAHJONG, RESVG),
    ),
)
