"""Pieces of a dungeon game: monsters by kind, walls by style, things by use."""

import io
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from PIL import Image

from examples.rebuild.drawing import Drawing
from research.development.source import Unpack
from research.fresh.packages import PACKAGES
from research.fresh.source import GREY, FreshTask, fresh_task, outline, pictured

CROSSFIRE = PACKAGES["crossfire-client-images"]
MONSTERS = (
    *("humanoid", "animal", "elemental", "insect", "dragon", "giant", "undead", "angel"),
    *("goblin", "demon", "troll"),
)
WALLS = (
    *("cwall", "cave", "slevel", "bwall", "awall", "mine", "wwall", "dun", "wall", "dwall"),
    *("swall", "white", "gwall", "stwall", "ewall", "woodwall"),
)
THINGS = (
    *("armour", "weapon", "food", "flesh", "jewel", "potion", "door", "light", "construct"),
    *("ground", "road", "skills", "readable", "shop"),
)


def members(archive: bytes) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield path and content of the images of a client's archive.

    Each has a line ``IMAGE bytes ./arch/path`` before it. Raises `ValueError` where one has not.
    """
    at = 0
    while at < len(archive):
        end = archive.find(b"\n", at)
        words = archive[at:end].split()
        if end < 0 or len(words) != 3 or words[0] != b"IMAGE":
            raise ValueError(f"expected a line IMAGE bytes path at byte {at}")
        start, size = end + 1, int(words[1])
        yield PurePosixPath(words[2].decode("latin-1")), archive[start : start + size]
        at = start + size
        # Some images have an end of line behind them.
        at += archive[at : at + 1] == b"\n"


def face(path: PurePosixPath) -> str:
    """Return the name of what is shown, ``ant`` of ``ant.111``: the rest is pose and frame."""
    return path.name.partition(".")[0]


def _drawings(label_of: Callable[[tuple[str, ...]], str | None]) -> Callable[..., list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        archive = unpack(CROSSFIRE) / "usr/share/games/crossfire-client/crossfire.base"
        found: dict[tuple[str, str], Drawing] = {}
        for path, content in members(archive.read_bytes()):
            label = label_of(path.parts[1:])
            if label is None:
                continue
            with Image.open(io.BytesIO(content)) as image:
                drawn, shape = pictured(image, ground=GREY), outline(image)
            if drawn is not None:
                # Things come in many colours; monsters in many poses, and colours beside.
                thing = shape if label_of is _top and shape else face(path)
                name = f"{thing}__{path.name.replace('.', '_')}"
                found.setdefault((label, name), Drawing(label, name, drawn))
        return list(found.values())

    return drawings


def _below(top: str, kinds: tuple[str, ...]) -> Callable[[tuple[str, ...]], str | None]:
    def label(parts: tuple[str, ...]) -> str | None:
        inside = len(parts) > 2 and parts[0] == top and parts[1] in kinds
        return parts[1] if inside else None

    return label


def _top(parts: tuple[str, ...]) -> str | None:
    return parts[0] if parts[0] in THINGS else None


TASKS: tuple[FreshTask, ...] = (
    fresh_task(
        "dungeon_monsters",
        _drawings(_below("monster", MONSTERS)),
        family="dungeon",
        superfamily="game",
        asks="the kind of a monster",
        objects="a monster, in its poses and frames",
        packages=(CROSSFIRE,),
        per_class=45,
    ),
    fresh_task(
        "dungeon_walls",
        _drawings(_below("wall", WALLS)),
        family="dungeon",
        superfamily="game",
        asks="the style of a piece of wall",
        objects="a piece",
        packages=(CROSSFIRE,),
        per_class=40,
    ),
    fresh_task(
        "dungeon_things",
        _drawings(_top),
        family="dungeon",
        superfamily="game",
        asks="what a thing is for",
        objects="a shape, in its colours",
        packages=(CROSSFIRE,),
        per_class=40,
    ),
)
