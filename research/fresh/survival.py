"""A game of survival: its monsters, ground and goods by kind, garments by where they are worn."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from examples.rebuild.drawing import Drawing
from research.development.source import Unpack
from research.fresh.packages import PACKAGES
from research.fresh.source import GREY, FreshTask, fresh_task, outline, pictured

CATACLYSM = PACKAGES["cataclysm-dda-data"]
ROOT = "usr/share/games/cataclysm-dda"
#: Three artists' sets of tiles, so that tasks of one game do not all look alike.
FIRST, SECOND, THIRD = "UltimateCataclysm", "MshockXotto+", "GiantDays"
#: Before the id of a garment, where the tile shows it on a person.
WORN = re.compile("overlay_(?:male_|female_)?worn_")
#: File or folder of definitions -> class.
MONSTERS = {
    "mammal": "mammal",
    "bird": "bird",
    "fish": "fish",
    "insect_spider": "insect",
    "reptile_amphibian": "reptile",
    "triffid": "plant",
    "fungus": "fungus",
    "nether": "nether",
    "mutant": "mutant",
    "turrets": "machine",
    "defense_bot": "machine",
    "utility_bot": "machine",
    "drones": "machine",
    "lab_security_drones": "machine",
    "zed": "zombie",
}
GROUND = {
    "terrain-floors": "floor",
    "terrain-walls": "wall",
    "terrain-windows": "window",
    "terrain-doors": "door",
    "terrain-flora": "plant",
    "terrain-fences": "fence",
    "furniture-flora": "plant",
    "furniture-storage": "storage",
    "furniture-appliances": "appliance",
    "furniture-seats": "seat",
    "furniture-industrial": "industry",
    "furniture-recreation": "recreation",
    "terrain-roofs": "roof",
}
GOODS = {
    "book": "book",
    "comestibles": "food",
    "gun": "gun",
    "gunmod": "gun_part",
    "magazine": "magazine",
    "ammo": "ammunition",
    "melee": "weapon",
    "tool": "tool",
    "containers": "container",
    "vehicle": "vehicle_part",
    "armor": "garment",
}
GARMENTS = {
    "boots": "feet",
    "gloves": "hands",
    "hats": "head",
    "helmets": "head",
    "hoods": "head",
    "masks": "face",
    "eyewear": "face",
    "coats": "coat",
    "torso_clothes": "torso",
    "torso_armor": "torso",
    "legs_clothes": "legs",
    "legs_armor": "legs",
    "undergarment": "underwear",
    "storage": "bag",
    "suits": "suit",
    "belts": "belt",
    "jewelry": "jewelry",
}


def place_label(place: str, classes: Mapping[str, str]) -> str | None:
    """Return the class of the first name that a file's path begins with.

    ``ammo/40mm.json`` is what ``ammo`` is; ``gunmod/...`` is not what ``gun`` is, as a name ends at
    a sign other than a letter.
    """
    for beginning, label in classes.items():
        if place.startswith(beginning) and not place[len(beginning) : len(beginning) + 1].isalpha():
            return label
    return None


def sprite_of(entry: Mapping[str, Any]) -> int | None:
    """Return the number of the first sprite of a tile: a number, a list, or weighted ones."""
    first = entry.get("fg")
    while isinstance(first, list):
        first = first[0] if first else None
    if isinstance(first, dict):
        return sprite_of({"fg": first.get("sprite")})
    return first if isinstance(first, int) else None


def _defined(folder: Path, classes: Mapping[str, str]) -> dict[str, str]:
    """Return the class of each id that the files below a folder define."""
    labels = {}
    for path in sorted(folder.rglob("*.json")):
        label = place_label(str(path.relative_to(folder)), classes)
        if label is None:
            continue
        for entry in json.loads(path.read_text("utf-8")):
            if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                labels[entry["id"]] = label
    return labels


def _sprites(folder: Path) -> Iterator[tuple[list[str], Image.Image]]:
    """Yield the ids and the picture of each tile of a set."""
    config = json.loads((folder / "tile_config.json").read_text("utf-8"))
    usual = config["tile_info"][0]
    sheets, first = [], 0
    for sheet in config["tiles-new"]:
        width = sheet.get("sprite_width", usual["width"])
        height = sheet.get("sprite_height", usual["height"])
        with Image.open(folder / sheet["file"]) as opened:
            image = opened.convert("RGBA")
        across = image.width // width
        count = across * (image.height // height)
        sheets.append((first, count, across, width, height, image))
        first += count
    for sheet in config["tiles-new"]:
        for entry in sheet["tiles"]:
            number = sprite_of(entry)
            if number is None:
                continue
            ids = entry["id"] if isinstance(entry["id"], list) else [entry["id"]]
            start, _, across, width, height, image = next(
                part for part in sheets if part[0] <= number < part[0] + part[1]
            )
            row, column = divmod(number - start, across)
            box = (column * width, row * height, (column + 1) * width, (row + 1) * height)
            yield ids, image.crop(box)


def _tiles(
    where: str, classes: Mapping[str, str], *, tiles: str, before: re.Pattern[str] | None = None
) -> Callable[[Unpack], list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        root = unpack(CATACLYSM) / ROOT
        labels = _defined(root / "json" / where, classes)
        found: dict[tuple[str, str], Drawing] = {}
        # Of what is shown twice, the first picture tells which things are one but for the colours.
        shapes: dict[str, str] = {}
        for ids, sprite in _sprites(root / "gfx" / tiles):
            for each in ids:
                name = each if before is None else before.sub("", each)
                label = labels.get(name)
                if label is None or (before is not None and name == each):
                    continue
                shape = shapes.setdefault(name, outline(sprite) or name)
                stem = f"{shape}__{each}".replace("/", "-")
                # How high a garment sits tells where it is worn.
                image = pictured(sprite, ground=GREY, trim=before is None)
                if image is not None:
                    found.setdefault((label, stem), Drawing(label, stem, image))
        return list(found.values())

    return drawings


def _task(
    name: str,
    drawings: Callable[[Unpack], list[Drawing]],
    *,
    asks: str,
    objects: str,
    garment: bool = False,
) -> FreshTask:
    return fresh_task(
        name,
        drawings,
        family="garments" if garment else "survival",
        superfamily="clothes" if garment else "game",
        asks=asks,
        objects=objects,
        packages=(CATACLYSM,),
        per_class=40,
    )


TASKS: tuple[FreshTask, ...] = (
    _task(
        "survival_monsters",
        _tiles("monsters", MONSTERS, tiles=FIRST),
        asks="the kind of a creature",
        objects="a creature, in its colours",
    ),
    _task(
        "survival_ground",
        _tiles("furniture_and_terrain", GROUND, tiles=FIRST),
        asks="the kind of ground, wall or furniture",
        objects="a piece, in its colours",
    ),
    _task(
        "survival_goods",
        _tiles("items", GOODS, tiles=SECOND),
        asks="what a thing is, in another artist's tiles",
        objects="a shape, in its colours",
    ),
    _task(
        "garments_lying",
        _tiles("items/armor", GARMENTS, tiles=THIRD),
        asks="where a garment is worn, as it lies there",
        objects="a shape of a garment, in its colours",
        garment=True,
    ),
    _task(
        "garments_worn",
        _tiles("items/armor", GARMENTS, tiles=FIRST, before=WORN),
        asks="where a garment is worn, as it is worn",
        objects="a shape of a garment, in its colours, on a man and a woman",
        garment=True,
    ),
)
