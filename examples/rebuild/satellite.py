"""The Earth from space, by day and by night: cells of a map, labelled by region."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from examples.rebuild.drawing import Drawing, ExampleTask, has_ink
from examples.rebuild.packages import Package

PACKAGE = Package(
    "three-globe",
    "2.45.2",
    "f6deff6848980a4bda13b0993e5ebc929b27e791e063a5517c87115ff7e669cb",
    "npm",
)
# West, south, east, north in degrees. The cells of a region do not overlap.
Box = tuple[float, float, float, float]
CELL = 40
DAY: Mapping[str, Box] = {
    "amazon": (-75, -15, -46, 3),
    "andes": (-76, -45, -65, -10),
    "antarctic_ice": (-40, -86, 120, -76),
    "arabian_desert": (36, 14, 58, 32),
    "australian_outback": (115, -33, 146, -17),
    "canadian_lakes": (-120, 52, -75, 66),
    "caribbean": (-90, 9, -59, 26),
    "congo_basin": (10, -11, 32, 7),
    "europe": (-4, 43, 40, 56),
    "india": (70, 9, 88, 31),
    "indonesia": (96, -9, 140, 5),
    "sahara": (-8, 17, 32, 31),
    "siberian_forest": (65, 54, 125, 66),
    "tibet": (75, 27, 104, 40),
}
NIGHT: Mapping[str, Box] = {
    "eastern_china": (103, 20, 123, 42),
    "eastern_usa": (-97, 27, -72, 45),
    "india": (70, 8, 90, 33),
    "japan_and_korea": (124, 29, 147, 47),
    "middle_east": (29, 20, 56, 40),
    "south_east_asia": (95, -9, 125, 20),
    "southern_brazil": (-60, -33, -38, -8),
    "western_europe": (-8, 37, 22, 56),
    "western_usa": (-124, 30, -98, 50),
}


def _water(cell: Image.Image) -> float:
    """Return the share of pixels that are clearly more blue than red: sea and lakes by day."""
    red, _, blue = np.moveaxis(np.asarray(cell, dtype=np.int16), -1, 0)
    return float((blue - red > 25).mean())


def _cells(
    root: Path, picture: str, boxes: Mapping[str, Box], *, least_ink: float, most_water: float
) -> list[Drawing]:
    """Cut the cells of every box out of an equirectangular picture."""
    drawings = []
    with Image.open(root / "package/example/img" / picture) as image:
        world = image.convert("RGB")
    scale = world.width / 360
    for label, (west, south, east, north) in boxes.items():
        left, top = round((west + 180) * scale), round((90 - north) * scale)
        columns, rows = int((east - west) * scale) // CELL, int((north - south) * scale) // CELL
        for row in range(rows):
            for column in range(columns):
                x, y = left + column * CELL, top + row * CELL
                cell = world.crop((x, y, x + CELL, y + CELL))
                if has_ink(cell, least=least_ink) and _water(cell) <= most_water:
                    drawings.append(Drawing(label, f"row{row:02d}_column{column:02d}", cell))
    return drawings


def _task(
    name: str,
    picture: str,
    boxes: Mapping[str, Box],
    *,
    per_class: int,
    least_ink: float,
    most_water: float,
) -> ExampleTask:
    def drawings(unpacked: Callable[[Package], Path]) -> list[Drawing]:
        return _cells(unpacked(PACKAGE), picture, boxes, least_ink=least_ink, most_water=most_water)

    return ExampleTask(
        name=name,
        family="satellite",
        packages=(PACKAGE,),
        done=f"cells of {CELL} px that do not overlap, cut from {picture}; JPEG",
        licence="public domain (NASA)",
        attribution="NASA Earth Observatory",
        notice="nasa.txt",
        per_class=per_class,
        drawings=drawings,
        jpeg=True,
    )


TASKS = (
    # A cell of open sea could belong to several regions.
    _task(
        "satellite_day",
        "earth-blue-marble.jpg",
        DAY,
        per_class=30,
        least_ink=0.5,
        most_water=0.85,
    ),
    # By night the land is tinted blue too, so the cells without lights are left out instead.
    _task(
        "satellite_night",
        "earth-night.jpg",
        NIGHT,
        per_class=30,
        least_ink=4.0,
        most_water=1.0,
    ),
)
