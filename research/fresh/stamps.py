"""Stamps of a painting program by what they show, brushes by their maker."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from examples.rebuild.drawing import Drawing
from research.development.source import Unpack
from research.fresh.packages import PACKAGES, RESVG
from research.fresh.source import FreshTask, drawings_of, fresh_task, opened, pictured
from research.fresh.svg import rendered, resvg

TUXPAINT, MYPAINT = PACKAGES["tuxpaint-stamps-default"], PACKAGES["mypaint-brushes"]
#: Folders, of which the first that a stamp lies in counts.
LIVING = {
    "animals/birds": "bird",
    "animals/mammals": "mammal",
    "animals/insects": "insect",
    "animals/fish": "fish",
    "plants": "plant",
    "food/fruit": "fruit",
    "food/vegetables": "vegetable",
}
THINGS = {
    "clothes/hats": "hat",
    "clothes": "clothes",
    "hobbies/music": "music",
    "household": "household",
    "people": "people",
    "seasonal": "seasonal",
    "space": "space",
    "symbols/money": "money",
    "town/houses": "house",
    "town/roadsigns": "road_sign",
    "vehicles": "vehicle",
}


def folder_label(place: str, labels: Mapping[str, str]) -> str | None:
    """Return the label of the folder that ``place``, such as ``animals/birds/duck``, lies in."""
    return next((label for top, label in labels.items() if place.startswith(f"{top}/")), None)


def _stamps(labels: Mapping[str, str]) -> Callable[[Unpack], list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        folder = unpack(TUXPAINT) / "usr/share/tuxpaint/stamps"
        # Some lie there as SVG and PNG: the same picture, of which the second is taken.
        stems = {
            path.with_suffix("") for path in folder.rglob("*") if path.suffix in {".svg", ".png"}
        }
        found, vectors = [], []
        for stem in sorted(stems):
            label = folder_label(str(stem.relative_to(folder)), labels)
            # The same stamp looking to the other side.
            if label is None or stem.name.endswith(("_mirror", "_flip")):
                continue
            place = "-".join(stem.relative_to(folder).parts[1:])
            file = stem.with_name(stem.name + ".png")
            if not file.exists():
                svg = stem.with_name(stem.name + ".svg").read_bytes()
                vectors.append(((label, place), svg))
            elif (image := opened(file)) is not None:
                found.append(Drawing(label, place, image))
        for (label, place), drawn in rendered(resvg(unpack), vectors):
            image = pictured(drawn)
            if image is not None:
                found.append(Drawing(label, place, image))
        return found

    return drawings


def _brushes(unpack: Unpack) -> list[Drawing]:
    def files() -> Iterator[tuple[str, str, Path]]:
        folder = unpack(MYPAINT) / "usr/share/mypaint-data/2.0/brushes"
        for path in sorted(folder.glob("*/*_prev.png")):
            yield path.parent.name.lower(), path.stem.removesuffix("_prev"), path

    return drawings_of(files())


TASKS: tuple[FreshTask, ...] = (
    fresh_task(
        "stamps_living",
        _stamps(LIVING),
        family="stamps",
        superfamily="drawn",
        asks="which kind of animal or plant a stamp shows",
        objects="a stamp",
        packages=(TUXPAINT, RESVG),
    ),
    fresh_task(
        "stamps_things",
        _stamps(THINGS),
        family="stamps",
        superfamily="drawn",
        asks="which kind of thing a stamp shows",
        objects="a stamp",
        packages=(TUXPAINT, RESVG),
    ),
    fresh_task(
        "brush_makers",
        _brushes,
        family="brushes",
        superfamily="drawn",
        asks="who made a brush, by its icon",
        objects="a brush",
        packages=(MYPAINT,),
    ),
)
