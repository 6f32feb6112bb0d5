"""Line icons by weight and by subject: of programs, of health, of a business."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from examples.rebuild.drawing import Drawing
from research.development.source import Unpack
from research.fresh.packages import PACKAGES, RESVG
from research.fresh.source import FreshTask, fresh_task, half, pictured
from research.fresh.svg import rendered, resvg

PHOSPHOR = PACKAGES["@phosphor-icons/core"]
HEALTH = PACKAGES["@iconify-json/healthicons"]
CARBON = PACKAGES["@carbon/pictograms"]
WEIGHTS = ("thin", "light", "regular", "bold", "fill", "duotone")
#: In the catalogue of phosphor an icon has a name and, some lines on, one category of the design.
ENTRY = re.compile(r'name: "([a-z0-9-]+)",.*?figma_category: a\.([A-Z]+)', re.DOTALL)
#: Classes that say nothing of what is seen: letters and digits, and shapes of any kind.
NO_SUBJECT = {"Symbols", "Typography", "Shapes"}
#: Subjects of business pictograms that can be seen; others are products and methods.
BUSINESS = (
    *("building_structure", "cities", "data_analytics", "electronics", "finance", "healthcare"),
    *("industry", "life_science", "lifestyle", "networking", "people", "retail", "security"),
    *("sports", "sustainability", "time", "transportation", "weather", "workplace"),
)
Files = Iterator[tuple[tuple[str, str], bytes]]


def categories(catalogue: str) -> dict[str, str]:
    """Return the one category of each icon of phosphor's catalogue, a module of JavaScript."""
    return {name: label.lower() for name, label in ENTRY.findall(catalogue)}


def plain(name: str) -> str:
    """Return a health icon's name without its variant: ``lungs`` of ``lungs-outline-24px``."""
    return re.sub(r"(-outline)?(-24px)?$", "", name)


def only_label(groups: dict[str, list[str]]) -> dict[str, str]:
    """Return the group of every member that is in one group only."""
    count = Counter(member for members in groups.values() for member in set(members))
    return {
        member: group
        for group, members in groups.items()
        for member in members
        if count[member] == 1
    }


def _task(files: Callable[[Unpack], Files]) -> Callable[[Unpack], list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        return [
            Drawing(label, name, image)
            for (label, name), drawn in rendered(resvg(unpack), files(unpack))
            if (image := pictured(drawn, trim=False)) is not None
        ]

    return drawings


def _phosphor(unpack: Unpack) -> tuple[Path, dict[str, str]]:
    folder = unpack(PHOSPHOR) / "package"
    return folder / "assets", categories((folder / "dist/index.mjs").read_text("utf-8"))


def _weights(unpack: Unpack) -> Files:
    assets, labels = _phosphor(unpack)
    for weight in WEIGHTS:
        # Other icons in every weight: the weight alone can tell them apart.
        own = [icon for icon in sorted(labels) if half(icon) == 0][WEIGHTS.index(weight) :: 6]
        for icon in own:
            yield (weight, icon), _file(assets, weight, icon).read_bytes()


def _subjects(unpack: Unpack) -> Files:
    assets, labels = _phosphor(unpack)
    for icon, label in sorted(labels.items()):
        if half(icon) == 1:
            for weight in ("regular", "fill"):
                yield (label, f"{icon}__{weight}"), _file(assets, weight, icon).read_bytes()


def _file(assets: Path, weight: str, icon: str) -> Path:
    suffix = "" if weight == "regular" else f"-{weight}"
    return assets / weight / f"{icon}{suffix}.svg"


def _health(unpack: Unpack) -> Files:
    folder = unpack(HEALTH) / "package"
    icons: dict[str, Any] = json.loads((folder / "icons.json").read_text("utf-8"))
    groups = json.loads((folder / "metadata.json").read_text("utf-8"))["categories"]
    side = icons.get("height", 16)
    for name, label in sorted(only_label(groups).items()):
        icon = icons["icons"].get(name)
        if icon is None or label in NO_SUBJECT or name.endswith("24px"):
            continue
        box = f"0 0 {icon.get('width', side)} {icon.get('height', side)}"
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{icon["body"]}</svg>'
        variant = name.removeprefix(plain(name)).strip("-") or "filled"
        yield (label.lower(), f"{plain(name)}__{variant}"), svg.encode("utf-8")


def _carbon(unpack: Unpack) -> Files:
    folder = unpack(CARBON) / "package"
    listed = yaml.safe_load((folder / "categories.yml").read_text("utf-8"))["categories"]
    labels = only_label({group["name"]: group["members"] for group in listed})
    for name, label in sorted(labels.items()):
        path = folder / "svg" / f"{name}.svg"
        slug = re.sub("[^a-z0-9]+", "_", label.lower()).strip("_")
        if slug in BUSINESS and path.exists():
            # Variants of one thing have its name and two dashes before theirs.
            yield (slug, name.replace("--", "__", 1)), path.read_bytes()


TASKS: tuple[FreshTask, ...] = (
    fresh_task(
        "icon_weights",
        _task(_weights),
        family="pictograms",
        superfamily="drawn",
        asks="the weight of a line icon",
        objects="an icon",
        packages=(PHOSPHOR, RESVG),
        per_class=70,
    ),
    fresh_task(
        "icon_subjects",
        _task(_subjects),
        family="pictograms",
        superfamily="drawn",
        asks="the subject of a line icon",
        objects="an icon, in outline and filled",
        packages=(PHOSPHOR, RESVG),
        per_class=40,
    ),
    fresh_task(
        "health_subjects",
        _task(_health),
        family="pictograms",
        superfamily="drawn",
        asks="the subject of an icon of health care",
        objects="an icon, in outline and filled",
        packages=(HEALTH, RESVG),
        per_class=40,
    ),
    fresh_task(
        "business_subjects",
        _task(_carbon),
        family="pictograms",
        superfamily="drawn",
        asks="the subject of a business pictogram",
        objects="a pictogram with its variants",
        packages=(CARBON, RESVG),
        per_class=30,
    ),
)
