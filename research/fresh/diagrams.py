"""Shapes of diagrams by their sheet, electronic parts by view and by kind."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

from examples.rebuild.drawing import Drawing
from research.development.source import Unpack
from research.fresh.packages import PACKAGES, RESVG
from research.fresh.source import FreshTask, drawings_of, fresh_task, half, pictured, spread
from research.fresh.svg import rendered, resvg

DIA = (PACKAGES["dia-common"], PACKAGES["dia-shapes"])
FRITZING = PACKAGES["fritzing-parts"]
#: Folders of shapes by what they are for; those that are hardly anything but boxes are left out.
SHEETS = (
    *("Assorted", "BPMN", "ChemEng", "Circuit", "Civil", "Cybernetics", "Flowchart", "Pneumatic"),
    *("network", "chemistry_lab", "central_data_processing", "Electrical", "electronic", "Optics"),
    *("Racks", "AUTOSAR", "HVAC", "building_site"),
)
VIEWS = ("breadboard", "icon", "pcb", "schematic")
#: The bins of the parts that one maker has drawn, ``sparkfun-connectors_...``.
KINDS = (
    *("connectors", "digitalic", "analogic", "discretesemi", "electromechanical", "passives"),
    *("poweric", "rf", "sensors", "displays", "led", "freqctrl"),
)


def maker_bin(stem: str) -> str | None:
    """Return the kind of a part by its file, ``sparkfun-rf_bluesmirf_pcb``; None of others."""
    found = re.match(r"sparkfun-([a-z]+)[-_]", stem)
    return found[1] if found and found[1] in KINDS else None


def part_name(stem: str, view: str) -> str:
    """Return a part's name, that its pictures in all views share as far as files are named so."""
    return re.sub(rf"[-_]*({view}|breadboard|schematic|icon|pcb)$", "", stem, flags=re.IGNORECASE)


def sheet_shapes(sheet: Path) -> list[str]:
    """Return the names of the shapes, ``Cisco - Router``, that a sheet of Dia lists."""
    root = ElementTree.parse(sheet).getroot()
    return [element.get("name", "") for element in root.iter() if element.tag.endswith("}object")]


def _sheets(unpack: Unpack) -> list[Drawing]:
    def files() -> Iterator[tuple[str, str, Path]]:
        for package in DIA:
            folder = unpack(package) / "usr/share/dia/shapes"
            for sheet in SHEETS:
                for path in sorted((folder / sheet).glob("*.png")):
                    yield sheet.lower(), path.stem, path

    return drawings_of(files())


def _cisco(unpack: Unpack) -> list[Drawing]:
    folder = unpack(DIA[0]) / "usr/share/dia"
    icons = {}
    for path in sorted((folder / "shapes/Cisco").glob("*.shape")):
        root = ElementTree.parse(path).getroot()
        texts = {element.tag.rpartition("}")[2]: (element.text or "").strip() for element in root}
        icons[texts["name"]] = path.parent / texts["icon"]

    def files() -> Iterator[tuple[str, str, Path]]:
        for sheet in sorted((folder / "sheets").glob("cisco*.sheet")):
            for name in sheet_shapes(sheet):
                if name in icons and icons[name].exists():
                    yield sheet.stem.removeprefix("cisco"), icons[name].stem, icons[name]

    return drawings_of(files())


def _parts(unpack: Unpack, views: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    folder = unpack(FRITZING) / "usr/share/fritzing/parts/svg/core"
    for view in views:
        for path in sorted((folder / view).glob("*.svg")):
            yield view, path


def _views(unpack: Unpack) -> list[Drawing]:
    def files() -> Iterator[tuple[tuple[str, str], bytes]]:
        for view in VIEWS:
            own = [
                path
                for _, path in _parts(unpack, (view,))
                if half(part_name(path.stem, view).lower()) == 0
            ]
            for path in spread(own, 120):
                yield (view, path.stem), path.read_bytes()

    return _drawn(unpack, files())


def _kinds(unpack: Unpack) -> list[Drawing]:
    def files() -> Iterator[tuple[tuple[str, str], bytes]]:
        for view, path in _parts(unpack, ("pcb", "schematic")):
            name, kind = part_name(path.stem, view), maker_bin(path.stem)
            if kind and half(name.lower()) == 1:
                yield (kind, f"{name}__{view}"), path.read_bytes()

    return _drawn(unpack, files())


def _drawn(unpack: Unpack, files: Iterator[tuple[tuple[str, str], bytes]]) -> list[Drawing]:
    found: dict[tuple[str, str], Drawing] = {}
    for (label, name), drawn in rendered(resvg(unpack), files):
        image = pictured(drawn)
        if image is not None:
            found.setdefault((label, name), Drawing(label, name, image))
    return list(found.values())


TASKS: tuple[FreshTask, ...] = (
    fresh_task(
        "diagram_sheets",
        _sheets,
        family="diagrams",
        superfamily="drawn",
        asks="the field that a shape of diagrams is from",
        objects="a shape",
        packages=DIA,
        per_class=40,
    ),
    fresh_task(
        "diagram_networks",
        _cisco,
        family="diagrams",
        superfamily="drawn",
        asks="the sheet that a shape of network diagrams is on",
        objects="a shape",
        packages=(DIA[0],),
        per_class=60,
    ),
    fresh_task(
        "circuit_views",
        _views,
        family="circuits",
        superfamily="drawn",
        asks="how an electronic part is shown: on a board, as icon, printed circuit or symbol",
        objects="a part",
        packages=(FRITZING, RESVG),
        per_class=75,
    ),
    fresh_task(
        "circuit_kinds",
        _kinds,
        family="circuits",
        superfamily="drawn",
        asks="the kind of an electronic part",
        objects="a part, as printed circuit and symbol",
        packages=(FRITZING, RESVG),
        per_class=40,
    ),
)
