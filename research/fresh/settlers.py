"""Two games of settlers and armies: people and buildings by tribe, ground by climate, factions."""

import re
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from examples.rebuild.drawing import Drawing
from research.development.source import Unpack
from research.fresh.packages import PACKAGES
from research.fresh.source import GREY, FreshTask, drawings_of, fresh_task, pictured

WIDELANDS, MEGAGLEST = PACKAGES["widelands-data"], PACKAGES["megaglest-data"]
DATA = "usr/share/games/widelands/data"
TRIBES = ("amazons", "atlanteans", "barbarians", "empire", "frisians")
#: Sheets of a worker's animations: walking to two sides, with and without a load.
WALKS = ("walk_e", "walk_sw", "walkload_e")
#: A block of Lua, name = { ... }, in which other blocks may lie.
BLOCK = re.compile(r"(\w+)\s*=\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
#: Signs of commands, which units of all factions have.
COMMANDS = re.compile(r"(^|_)(stop|hold|move|cancel|attack|repair|harvest|build|return)($|_|\d)")


def grids(lua: str) -> dict[str, tuple[int, int]]:
    """Return columns and rows of the sheet of each animation that a file describes."""
    found = {}
    for name, body in BLOCK.findall(lua):
        numbers = dict(re.findall(r"(columns|rows)\s*=\s*(\d+)", body))
        if len(numbers) == 2:
            found[name] = (int(numbers["columns"]), int(numbers["rows"]))
    return found


def cell(sheet: Image.Image, grid: tuple[int, int]) -> Image.Image:
    """Return the first frame of a sheet of (columns, rows)."""
    columns, rows = grid
    return sheet.crop((0, 0, sheet.width // columns, sheet.height // rows))


def _grids(folder: Path) -> dict[str, tuple[int, int]]:
    # What directional sheets have in common is written without their direction.
    return grids((folder / "init.lua").read_text("utf-8"))


def _workers(unpack: Unpack) -> list[Drawing]:
    found = []
    for tribe in TRIBES:
        for folder in sorted((unpack(WIDELANDS) / DATA / "tribes/workers" / tribe).iterdir()):
            if not (folder / "init.lua").exists():
                continue
            layout = _grids(folder)
            for walk in WALKS:
                path, grid = folder / f"{walk}_1.png", layout.get(walk.partition("_")[0])
                if grid and path.exists():
                    with Image.open(path) as sheet:
                        image = pictured(cell(sheet.convert("RGBA"), grid), ground=GREY)
                    if image is not None:
                        found.append(Drawing(tribe, f"{folder.name}__{walk}", image))
    return found


def _buildings(unpack: Unpack) -> list[Drawing]:
    found = []
    for tribe in TRIBES:
        for folder in sorted((unpack(WIDELANDS) / DATA / "tribes/buildings").glob(f"*/{tribe}/*")):
            whole, sheet = folder / "idle_00.png", folder / "idle_1.png"
            path = whole if whole.exists() else sheet
            # An animation that is no sheet has pictures of whole frames, in several scales.
            grid = (1, 1) if path == whole else _grids(folder).get("idle", (1, 1))
            if path.exists():
                with Image.open(path) as opened:
                    image = pictured(cell(opened.convert("RGBA"), grid), ground=GREY)
                if image is not None:
                    found.append(Drawing(tribe, folder.name, image))
    return found


def _ground(unpack: Unpack) -> list[Drawing]:
    def files() -> Iterator[tuple[str, str, Path]]:
        folder = unpack(WIDELANDS) / DATA / "world/terrains"
        for path in sorted(folder.glob("*/*/*.png")):
            climate, kind = path.parts[-3:-1]
            yield climate, f"{kind}__{path.stem}", path

    return drawings_of(files())


def _factions(unpack: Unpack) -> list[Drawing]:
    def files() -> Iterator[tuple[str, str, Path]]:
        folder = unpack(MEGAGLEST) / "usr/share/games/megaglest/techs/megapack/factions"
        for path in sorted(folder.glob("*/units/*/images/*.bmp")):
            faction, unit = path.parts[-5], path.parts[-3]
            if not COMMANDS.search(path.stem):
                yield faction, f"{unit}__{path.stem}", path

    return drawings_of(files())


TASKS: tuple[FreshTask, ...] = (
    fresh_task(
        "tribes_workers",
        _workers,
        family="settlers",
        superfamily="game",
        asks="the tribe of a worker",
        objects="a worker, walking to two sides and with a load",
        packages=(WIDELANDS,),
    ),
    fresh_task(
        "tribes_buildings",
        _buildings,
        family="settlers",
        superfamily="game",
        asks="the tribe of a building",
        objects="a building",
        packages=(WIDELANDS,),
    ),
    fresh_task(
        "climates",
        _ground,
        family="settlers",
        superfamily="game",
        asks="the climate that a square of ground is from",
        objects="a kind of ground, in its frames",
        packages=(WIDELANDS,),
    ),
    fresh_task(
        "faction_units",
        _factions,
        family="factions",
        superfamily="game",
        asks="the faction of a unit, by its portrait",
        objects="a unit",
        packages=(MEGAGLEST,),
    ),
)
