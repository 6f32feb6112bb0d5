"""The sky: figures by culture, maps of planets and moons, photographs of what is far away."""

import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing

from PIL import Image

from examples.rebuild.drawing import Drawing, has_ink, on_ground, squared
from research.development.source import Unpack
from research.fresh.packages import PACKAGES
from research.fresh.source import BLACK, SIZE, FreshTask, fresh_task, pictured

STELLARIUM, KSTARS = PACKAGES["stellarium-data"], PACKAGES["kstars-data"]
EUROPEAN = (
    *("modern", "greek_farnese", "greek_leidenAratea", "greek_dante", "arabic_al-sufi"),
    *("romanian", "belarusian", "macedonian"),
)
OTHERS = (
    *("modern_chinese", "babylonian_mulapin", "egyptian_dendera", "maya", "indian", "boorong"),
    *("tibetan", "seri", "kamilaroi", "inuit"),
)
#: Without those whose map is a haze, or bands, alike all around: Venus, Saturn, Titan and others.
PLANETS = ("mercury", "mars", "jupiter", "pluto", "ceres", "vesta")
MOONS = (
    *("moon", "io", "europa", "ganymede", "callisto", "rhea", "dione"),
    *("triton", "titania", "charon", "hyperion"),
)
#: A square of a map, and how many squares a side its neighbours share with it as one object.
CELL, BLOCK = 48, 2
#: The numbers that KStars gives to types of objects (kstars/skyobjects/skyobject.h).
TYPES = {
    3: "open_cluster",
    4: "globular_cluster",
    5: "gaseous_nebula",
    6: "planetary_nebula",
    8: "galaxy",
}


def art_files(table: str) -> list[str]:
    """Return the pictures that ``constellationsart.fab`` lists, each once."""
    files = (line.split()[1] for line in table.splitlines() if line and line[0] not in "#\n")
    return list(dict.fromkeys(files))


def catalogued(stem: str) -> str | None:
    """Return a photograph's object as catalogues write it: ``NGC 40`` of ``n40-vasey``, or None."""
    found = re.match(r"(ic|m|n)(\d+)(?![0-9a-zA-Z])", re.sub(r"(dumont|oleg|spano|h)$", "", stem))
    if found is None:
        return None
    return f"{ {'ic': 'IC', 'm': 'M', 'n': 'NGC'}[found[1]] } {int(found[2])}"


def _figures(cultures: Sequence[str]) -> Callable[[Unpack], list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        folder = unpack(STELLARIUM) / "usr/share/stellarium/skycultures"
        found = []
        for culture in cultures:
            table = (folder / culture / "constellationsart.fab").read_text("utf-8")
            for name in art_files(table):
                path = folder / culture / name
                if path.exists():
                    with Image.open(path) as image:
                        drawn = pictured(image, ground=BLACK)
                    if drawn is not None:
                        found.append(Drawing(culture.lower(), path.stem.replace("__", "_"), drawn))
        return found

    return drawings


def _surfaces(bodies: Sequence[str]) -> Callable[[Unpack], list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        folder = unpack(STELLARIUM) / "usr/share/stellarium/textures"
        found = []
        for body in bodies:
            with Image.open(folder / f"{body}.png") as opened:
                # All maps alike: 1,024 pixels around.
                flat = on_ground(opened, BLACK).resize((1024, 512), Image.Resampling.LANCZOS)
            # Near the poles a map is drawn out.
            for row in range(2, 512 // CELL - 2):
                for column in range(1024 // CELL):
                    left, top = column * CELL, row * CELL
                    crop = flat.crop((left, top, left + CELL, top + CELL))
                    if has_ink(crop, least=1):
                        place = f"{row // BLOCK}_{column // BLOCK}__{row}_{column}"
                        found.append(Drawing(body, place, crop))
        return found

    return drawings


def _deep_sky(unpack: Unpack) -> list[Drawing]:
    catalogue = unpack(KSTARS) / "usr/share/kstars/OpenNGC.kscat"
    types: dict[str, int] = {}
    with closing(sqlite3.connect(f"file:{catalogue}?mode=ro&immutable=1", uri=True)) as read:
        for kind, name, names in read.execute("SELECT type, name, long_name FROM cat"):
            for each in (name, *str(names).split(", ")):
                types.setdefault(each.strip(), kind)
    found = []
    for path in sorted((unpack(STELLARIUM) / "usr/share/stellarium/nebulae/default").glob("*.png")):
        kind = TYPES.get(types.get(catalogued(path.stem) or "", -1))
        if kind:
            with Image.open(path) as image:
                drawn = squared(on_ground(image, BLACK), SIZE, ground=BLACK)
            found.append(Drawing(kind, path.stem, drawn))
    return found


def _task(
    name: str, drawings: Callable[[Unpack], list[Drawing]], *, family: str, asks: str, objects: str
) -> FreshTask:
    return fresh_task(
        name,
        drawings,
        family=family,
        superfamily="drawn" if family == "constellations" else "photo",
        asks=asks,
        objects=objects,
        packages=(STELLARIUM, KSTARS) if family == "deep_sky" else (STELLARIUM,),
        per_class=45,
    )


TASKS: tuple[FreshTask, ...] = (
    _task(
        "figures_european",
        _figures(EUROPEAN),
        family="constellations",
        asks="the work or people that a figure of the sky is from, near the Mediterranean",
        objects="a figure",
    ),
    _task(
        "figures_others",
        _figures(OTHERS),
        family="constellations",
        asks="the people that a figure of the sky is from, elsewhere",
        objects="a figure",
    ),
    _task(
        "surfaces_planets",
        _surfaces(PLANETS),
        family="surfaces",
        asks="the planet that a piece of a map shows",
        objects="four neighbouring pieces",
    ),
    _task(
        "surfaces_moons",
        _surfaces(MOONS),
        family="surfaces",
        asks="the moon that a piece of a map shows",
        objects="four neighbouring pieces",
    ),
    _task(
        "deep_sky",
        _deep_sky,
        family="deep_sky",
        asks="galaxy, nebula or cluster of stars, on a photograph",
        objects="a photograph",
    ),
)
