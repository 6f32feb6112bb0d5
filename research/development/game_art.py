"""Wesnoth's units by race and terrain by kind, and UFO:AI's textures by what they show."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from examples.rebuild.drawing import Drawing, ExampleTask, has_ink, on_ground, squared
from examples.rebuild.packages import Package
from research.development.source import Rights, Unpack, development_task

WESNOTH = Package(
    "wesnoth-1.18-data",
    "1:1.18.5-1",
    "6db473c8af6242d5a9a824f5af79619a0f5769460e896b90f529bacc405aeffd",
)
UFOAI = Package(
    "ufoai-textures",
    "2.5-2.1",
    "eb0e9e0fb74cb070b20f16996415adb94d26bb26d5586f4faffd0813b005fadf",
)
SIZE = 72
GREY = (128, 128, 128)
# Maps for the light, which show no texture.
NO_PICTURE = ("_nm", "_sm", "_gm", "_rm")


def _wesnoth(top: str, folders: Sequence[str]) -> Callable[[Unpack], list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        images = unpack(WESNOTH) / "usr/share/games/wesnoth/1.18/data/core/images" / top
        found = []
        for folder in folders:
            for path in sorted((images / folder).rglob("*.png")):
                with Image.open(path) as image:
                    drawn = squared(on_ground(image, GREY), SIZE, ground=GREY)
                # Masks, halos and transitions that cover hardly anything.
                if has_ink(drawn, least=6):
                    found.append(Drawing(folder, _framed(path, images / folder), drawn))
        return found

    return drawings


def _framed(path: Path, folder: Path) -> str:
    """Name a file so that the frames of one unit or tile share the part before ``__``."""
    unit, _, frame = "-".join(path.relative_to(folder).with_suffix("").parts).partition("-")
    return f"{unit}__{frame}" if frame else unit


def _textures(classes: Mapping[str, tuple[str, ...]]) -> Callable[[Unpack], list[Drawing]]:
    by_beginning = {
        beginning: label for label, beginnings in classes.items() for beginning in beginnings
    }

    def drawings(unpack: Unpack) -> list[Drawing]:
        archive = next(unpack(UFOAI).rglob("0textures.pk3"))
        found = []
        with zipfile.ZipFile(archive) as textures:
            for name in sorted(textures.namelist()):
                path = Path(name)
                label = by_beginning.get(_beginning(path.stem))
                if (
                    label is None
                    or path.stem.endswith(NO_PICTURE)
                    or path.suffix not in {".jpg", ".png", ".tga"}
                ):
                    continue
                with Image.open(io.BytesIO(textures.read(name))) as image:
                    image.draft("RGB", (2 * SIZE, 2 * SIZE))
                    drawn = squared(on_ground(image, GREY), SIZE, ground=GREY)
                if has_ink(drawn):
                    found.append(Drawing(label, f"{path.parent.name}-{path.stem}", drawn))
        return found

    return drawings


def _beginning(stem: str) -> str:
    """Return the letters that a name begins with: ``wall`` of ``wall012_red``."""
    letters = next((i for i, sign in enumerate(stem) if not sign.isalpha()), len(stem))
    return stem[:letters]


def _themselves(*names: str) -> dict[str, tuple[str, ...]]:
    return {name: (name,) for name in names}


_WESNOTH = Rights(
    "GPL-2+, newer files CC-BY-SA-4.0", "The Battle for Wesnoth, © 2003-2024 David White and others"
)
_UFOAI = Rights(
    "by file: GPL-2, GPL-2+, public domain, MIT, CC-BY-SA-3.0, CC-BY-3.0",
    "UFO: Alien Invasion, © 2002-2014 The UFO:AI Team and others",
)

TASKS: tuple[ExampleTask, ...] = (
    development_task(
        "units_beasts",
        "units",
        _wesnoth("units", ("drakes", "dwarves", "saurians", "elves-wood", "undead-skeletal")),
        packages=(WESNOTH,),
        rights=_WESNOTH,
        per_class=80,
    ),
    development_task(
        "units_people",
        "units",
        _wesnoth("units", ("human-loyalists", "orcs", "trolls", "merfolk", "woses", "goblins")),
        packages=(WESNOTH,),
        rights=_WESNOTH,
        per_class=60,
    ),
    development_task(
        "terrain_nature",
        "terrain",
        _wesnoth("terrain", ("forest", "water", "sand", "mountains", "grass", "hills")),
        packages=(WESNOTH,),
        rights=_WESNOTH,
        per_class=60,
    ),
    development_task(
        "terrain_buildings",
        "terrain",
        _wesnoth("terrain", ("castle", "village", "interior", "bridge", "walls", "cave")),
        packages=(WESNOTH,),
        rights=_WESNOTH,
        per_class=60,
    ),
    development_task(
        "textures_objects",
        "textures",
        _textures(_themselves("wall", "box", "door", "floor", "sign")),
        packages=(UFOAI,),
        rights=_UFOAI,
        per_class=70,
    ),
    development_task(
        "textures_materials",
        "textures",
        _textures(
            {
                **_themselves("concrete", "grass", "carpet", "wood", "roof", "bricks"),
                "metal": ("metal", "metall"),
                "earth": ("dirt", "ground", "desert"),
                "rock": ("rock",),
            }
        ),
        packages=(UFOAI,),
        rights=_UFOAI,
        per_class=45,
    ),
)
