"""Two games of space: outfits by kind, portraits by people, icons by what they stand for."""

import re
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from examples.rebuild.drawing import Drawing
from research.development.source import Unpack
from research.fresh.packages import PACKAGES
from research.fresh.source import BLACK, FreshTask, drawings_of, fresh_task

NAEV, ORION = PACKAGES["naev-data"], PACKAGES["freeorion-data"]
NAEV_DATA = "usr/share/naev/dat"
OUTFITS = {
    "biocore_brain": "organ",
    "biocore_fin": "organ",
    "biocore_shell": "organ",
    "bio_weapons": "organ",
    "core_engine": "engine",
    "core_hull": "hull",
    "core_system": "system",
    "launchers": "launcher",
    "modifiers": "modifier",
    "rockets": "rocket",
    "weapons": "weapon",
}
PEOPLES = ("dvaered", "empire", "neutral", "pirate", "sirius", "soromid", "zalek")
ICONS = (
    *("building", "fleet", "monsters", "policies", "ship_hulls", "ship_parts", "species"),
    *("specials_huge", "tech"),
)


def series(stem: str) -> str:
    """Return a name without size and number: ``laser`` of ``laser-3`` and ``laser_l2``.

    Items of a series show the same thing, recoloured or with marks.
    """
    return re.sub(r"([-_](?:[a-z]?\d+|[smlhtx]))+$|\d+$", "", stem.lower())


def _outfits(unpack: Unpack) -> list[Drawing]:
    data = unpack(NAEV) / NAEV_DATA
    kinds: dict[str, set[str]] = defaultdict(set)
    for path in sorted((data / "outfits").rglob("*.xml")):
        kind = OUTFITS.get(path.relative_to(data / "outfits").parts[0])
        picture = ElementTree.parse(path).getroot().findtext("general/gfx_store")
        if kind and picture:
            kinds[picture].add(kind)

    def files() -> Iterator[tuple[str, str, Path]]:
        for stem, found in sorted(kinds.items()):
            for path in sorted((data / "gfx/outfit/store").glob(f"{stem}.*")):
                if len(found) == 1:
                    yield next(iter(found)), f"{series(stem)}__{stem}", path

    return drawings_of(files(), ground=BLACK)


def _portraits(unpack: Unpack) -> list[Drawing]:
    def files() -> Iterator[tuple[str, str, Path]]:
        for people in PEOPLES:
            folder = unpack(NAEV) / NAEV_DATA / "gfx/portraits" / people
            for path in sorted(folder.rglob("*.png")):
                yield people, f"{path.parent.name}_{path.stem}", path

    return drawings_of(files(), ground=BLACK)


def _icons(unpack: Unpack) -> list[Drawing]:
    def files() -> Iterator[tuple[str, str, Path]]:
        icons = unpack(ORION) / "usr/share/games/freeorion/default/data/art/icons"
        for folder in ICONS:
            for path in sorted((icons / folder).glob("*.png")):
                yield folder, f"{series(path.stem)}__{path.stem}", path

    return drawings_of(files(), ground=BLACK)


TASKS: tuple[FreshTask, ...] = (
    fresh_task(
        "space_outfits",
        _outfits,
        family="space",
        superfamily="game",
        asks="the kind of an outfit of space ships",
        objects="a series of outfits, in its sizes",
        packages=(NAEV,),
        per_class=40,
    ),
    fresh_task(
        "space_portraits",
        _portraits,
        family="space",
        superfamily="game",
        asks="the people that somebody is of, by a portrait",
        objects="a portrait",
        packages=(NAEV,),
        per_class=40,
    ),
    fresh_task(
        "space_icons",
        _icons,
        family="space",
        superfamily="game",
        asks="what an icon stands for, in another game",
        objects="a series of icons",
        packages=(ORION,),
        per_class=45,
    ),
)
