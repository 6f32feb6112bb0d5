"""Open Clip Art: people and their things, signs and vehicles."""

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from examples.rebuild.drawing import Drawing, ExampleTask, has_ink, on_ground, squared, trimmed
from examples.rebuild.packages import Package

PACKAGE = Package(
    "openclipart-png",
    "1:0.18+dfsg-19",
    "f07f1545a2970c2cf3fa339bc2405da1a95cf2b1827bfa05bf73eb1c20291c02",
)
# A few drawings have hundreds of millions of pixels, which Pillow refuses as a bomb.
MOST_PIXELS = 12_000_000
SIZE = 84


def _shared_stems(root: Path, folders: Sequence[str]) -> set[str]:
    """Return the stems that lie in several of ``folders``: their label is ambiguous."""
    stems = [path.stem for folder in folders for path in (root / folder).rglob("*.png")]
    return {stem for stem in stems if stems.count(stem) > 1}


def _pixels(path: Path) -> int:
    """Return width times height from the header of a PNG file."""
    with path.open("rb") as file:
        width, height = struct.unpack(">II", file.read(24)[16:])
    return int(width * height)


def _drawings(root: Path, classes: Mapping[str, str], excluded: tuple[str, ...]) -> list[Drawing]:
    """Read the drawings of ``classes`` (class -> folder, with all below it).

    File names that begin with one of ``excluded`` are left out.
    """
    folder = root / "usr/share/openclipart/png"
    ambiguous = _shared_stems(folder, tuple(classes.values()))
    drawings = []
    for label, subfolder in classes.items():
        for path in sorted((folder / subfolder).rglob("*.png")):
            if path.stem in ambiguous or path.name.startswith(excluded):
                continue
            if _pixels(path) > MOST_PIXELS:
                continue
            with Image.open(path) as image:
                drawn = squared(trimmed(on_ground(image)), SIZE)
            if has_ink(drawn):
                drawings.append(Drawing(label, path.stem.strip("_"), drawn))
    return drawings


def _task(
    name: str, classes: Mapping[str, str], *, per_class: int, excluded: tuple[str, ...]
) -> ExampleTask:
    def drawings(unpacked: Callable[[Package], Path]) -> list[Drawing]:
        return _drawings(unpacked(PACKAGE), classes, excluded)

    return ExampleTask(
        name=name,
        family="clip_art",
        packages=(PACKAGE,),
        done=f"shrunk to {SIZE} px, on a white square; what lies in two folders is left out",
        licence="public domain",
        attribution="Open Clip Art Library, by its contributors",
        notice="openclipart.txt",
        per_class=per_class,
        drawings=drawings,
    )


TASKS = (
    _task(
        "clipart_people",
        {
            "body_part": "people/bodypart",
            "clothing": "people/clothing",
            "smiley": "people/smilies",
            "stick_figure": "people/stickmen",
        },
        per_class=40,
        excluded=(
            # Animals among the body parts, packaging and a portrait among the clothes.
            *("fawn_", "olifant_", "pantyhose_", "jacob_leisler"),
            # No smileys.
            *("3_faces", "air_", "crossbones", "crystal_", "fire_", "portrait_", "splash_"),
        ),
    ),
    _task(
        "clipart_transport",
        {
            "travel_symbol": "transportation/aiga-symbols",
            "boating": "transportation/boating",
            "road_sign": "transportation/roadsigns",
            "vehicle": "transportation/vehicles",
        },
        per_class=50,
        excluded=(
            # No vehicles.
            *("crossroads", "curve_ahead", "cycle_route", "lighthouse", "shelby_", "wing_"),
            # A logo, and two signs that are cut off in the original.
            *("nws_", "stop.png", "yield"),
        ),
    ),
    _task(
        "clipart_food",
        {
            "fruit": "food/fruit",
            "beverage": "food/beverages",
            "bread_and_carbs": "food/breads_and_carbs",
            "dessert": "food/desserts",
            "meat_and_eggs": "food/meats_and_eggs",
        },
        per_class=40,
        excluded=(
            # No fruit, or not mainly.
            *("champignon", "eris_", "fruitcollection", "gumnut", "juice_", "kallisti"),
            *("lime_half_jarno", "slate", "tree_", "turkey_platter"),
            # No beverage.
            "noi_due_insieme",
        ),
    ),
)
