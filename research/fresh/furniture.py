"""Furniture, rendered like photographs: by room, and by the catalogue that it is from."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator

from PIL import Image

from examples.rebuild.drawing import Drawing
from research.development.source import Unpack
from research.fresh.packages import PACKAGES
from research.fresh.source import FreshTask, fresh_task, half, pictured

SWEETHOME = PACKAGES["sweethome3d-furniture"]
ROOMS = (
    *("Bathroom", "Bedroom", "Kitchen", "Living room", "Office", "Exterior", "Lights"),
    *("Doors and windows", "Vehicles", "Characters"),
)
CATALOGUES = ("BlendSwap-CC-0", "BlendSwap-CC-BY", "KatorLegaz", "Scopia")


def items(properties: str) -> Iterator[tuple[str, str]]:
    """Yield icon and category of each piece of a catalogue, a Java properties file."""
    values: dict[tuple[str, str], str] = {}
    for line in properties.splitlines():
        found = re.fullmatch(r"(icon|category)#(\d+)\s*=\s*(.*?)\s*", line)
        if found:
            values[found[2], found[1]] = found[3]
    for number in sorted({number for number, _ in values}, key=int):
        if (number, "icon") in values and (number, "category") in values:
            yield values[number, "icon"].lstrip("/"), values[number, "category"]


def _drawings(
    part: int, label_of: Callable[[str, str], str | None]
) -> Callable[[Unpack], list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        found: dict[tuple[str, str], Drawing] = {}
        for file in sorted(unpack(SWEETHOME).rglob("*.sh3f")):
            with zipfile.ZipFile(file) as catalogue:
                names = set(catalogue.namelist())
                listed = catalogue.read("PluginFurnitureCatalog.properties").decode("latin-1")
                for icon, category in items(listed):
                    label = label_of(file.stem, category)
                    if label is None or icon not in names or half(icon) != part:
                        continue
                    with Image.open(io.BytesIO(catalogue.read(icon))) as image:
                        drawn = pictured(image)
                    name = f"{file.stem}-{icon.rpartition('/')[2].rpartition('.')[0]}"
                    if drawn is not None:
                        found.setdefault((label, name), Drawing(label, name, drawn))
        return list(found.values())

    return drawings


def _room(_catalogue: str, category: str) -> str | None:
    return category.lower().replace(" ", "_") if category in ROOMS else None


def _maker(catalogue: str, _category: str) -> str | None:
    return catalogue.lower() if catalogue in CATALOGUES else None


TASKS: tuple[FreshTask, ...] = (
    fresh_task(
        "furniture_rooms",
        _drawings(0, _room),
        family="furniture",
        superfamily="photo",
        asks="the room that a piece of furniture is for",
        objects="a piece",
        packages=(SWEETHOME,),
        per_class=45,
    ),
    fresh_task(
        "furniture_catalogues",
        _drawings(1, _maker),
        family="furniture",
        superfamily="photo",
        asks="the catalogue that a piece of furniture is from",
        objects="a piece",
        packages=(SWEETHOME,),
        per_class=60,
    ),
)
