"""Two games of small animals in strange places: pieces of landscapes by their theme."""

import re
from collections.abc import Iterator
from pathlib import Path

from examples.rebuild.drawing import Drawing
from research.development.source import Unpack
from research.fresh.packages import PACKAGES
from research.fresh.source import GREY, FreshTask, drawings_of, fresh_task

HEDGEWARS, PINGUS = PACKAGES["hedgewars-data"], PACKAGES["pingus-data"]
GROUNDS = (
    *("crystal", "desert", "foliage", "halloween", "industrial", "jungle", "real", "snow"),
    *("sweets", "xmas"),
)


def placed(config: str) -> list[str]:
    """Return the pictures that a theme puts into its landscape: objects and sprays, each once."""
    names = re.findall(r"^\s*(?:object|spray)\s*=\s*([^,\s]+)", config, flags=re.MULTILINE)
    return list(dict.fromkeys(names))


def _objects(unpack: Unpack) -> list[Drawing]:
    def files() -> Iterator[tuple[str, str, Path]]:
        for config in sorted((unpack(HEDGEWARS)).rglob("Data/Themes/*/theme.cfg")):
            for name in placed(config.read_text("utf-8")):
                path = config.parent / f"{name}.png"
                if path.exists():
                    yield config.parent.name.lower(), name, path

    return drawings_of(files(), ground=GREY)


def _pieces(unpack: Unpack) -> list[Drawing]:
    def files() -> Iterator[tuple[str, str, Path]]:
        folder = unpack(PINGUS) / "usr/share/games/pingus/data/images/groundpieces"
        for path in sorted(folder.glob("*/*/*.png")):
            kind, theme = path.parts[-3:-1]
            if theme in GROUNDS:
                yield theme, f"{kind}_{path.stem}", path

    return drawings_of(files(), ground=GREY)


TASKS: tuple[FreshTask, ...] = (
    fresh_task(
        "theme_objects",
        _objects,
        family="themes",
        superfamily="game",
        asks="the theme of an object of a landscape",
        objects="an object",
        packages=(HEDGEWARS,),
        per_class=40,
    ),
    fresh_task(
        "theme_grounds",
        _pieces,
        family="themes",
        superfamily="game",
        asks="the theme of a piece of ground",
        objects="a piece",
        packages=(PINGUS,),
        per_class=45,
    ),
)
