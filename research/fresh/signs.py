"""Road signs by what they do and what they speak of, cursors by role and by theme."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from examples.rebuild.drawing import Drawing
from research.development.source import Unpack
from research.fresh.packages import PACKAGES, RESVG
from research.fresh.source import GREY, FreshTask, fresh_task, half, pictured
from research.fresh.svg import rendered, resvg

ROAD = PACKAGES["@rapideditor/mapillary_sprite_source"]
#: A word in the name of a sign -> its subject. The first that is found counts.
SUBJECTS = {
    "speed-limit": "speed",
    "parking": "parking",
    "bicycle": "bicycle",
    "pedestrian": "pedestrian",
    "truck": "lorry",
    "railroad": "railway",
    "curve": "curve",
    "turn": "turn",
    "roundabout": "roundabout",
    "lane": "lane",
    "crossing": "crossing",
    "height": "size",
    "weight": "size",
    "width": "size",
    "slippery": "surface",
    "road-narrows": "surface",
    "uneven": "surface",
    "junction": "junction",
    "crossroads": "junction",
}
THEMES = {
    name: PACKAGES[name]
    for name in (
        "bibata-cursor-theme",
        "breeze-cursor-theme",
        "chameleon-cursor-theme",
        "crystalcursors",
        "dmz-cursor-theme",
        "oxygencursors",
        "xcursor-themes",
    )
}
ROLES = {
    "left_ptr": "arrow",
    "hand2": "hand",
    "xterm": "text",
    "watch": "busy",
    "crosshair": "cross",
    "sb_v_double_arrow": "vertical",
    "sb_h_double_arrow": "horizontal",
    "fleur": "move",
    "question_arrow": "help",
    "pencil": "pencil",
}
#: So many colours of a theme are enough.
COLOURS = 7
#: Smaller sizes of the same, and a theme that is another one but for its arrow.
LEFT_OUT = ("-Small", "-Regular", "handhelds")
IMAGE_CHUNK = 0xFFFD0002


def sign(stem: str) -> tuple[str, str]:
    """Return kind and object of ``warning--bicycles--g2``; the last part is a country's design."""
    kind, _, rest = stem.partition("--")
    return kind, re.sub(r"--g\d+$", "", rest)


def subject(name: str) -> str | None:
    """Return what a sign speaks of by its name, or None."""
    return next((subject for word, subject in SUBJECTS.items() if word in name), None)


def cursor(data: bytes) -> Image.Image:
    """Read the largest first image of an X cursor file (Xcursor(3)), 64 pixels or less.

    Raises `ValueError` if the data is no X cursor or holds no image.
    """
    words = np.frombuffer(data[: len(data) // 4 * 4], dtype="<u4")
    if data[:4] != b"Xcur":
        raise ValueError("expected an X cursor, which begins with Xcur")
    start = int(words[1]) // 4
    table = words[start : start + 3 * int(words[3])].reshape(-1, 3)
    sizes = [int(size) for kind, size, _ in table if kind == IMAGE_CHUNK]
    if not sizes:
        raise ValueError("the X cursor holds no image")
    wanted = max((size for size in sizes if size <= 64), default=min(sizes))
    place = next(int(at) for kind, size, at in table if kind == IMAGE_CHUNK and size == wanted) // 4
    width, height = int(words[place + 4]), int(words[place + 5])
    pixels = words[place + 9 : place + 9 + width * height].view(np.uint8).reshape(height, width, 4)
    # Blue, green, red, alpha, the colours already multiplied by alpha.
    alpha = pixels[..., 3:].astype(np.float64)
    colours = np.divide(
        pixels[..., 2::-1] * 255.0, alpha, where=alpha > 0, out=np.zeros((height, width, 3))
    )
    rgba = np.concatenate([np.clip(np.rint(colours), 0, 255), alpha], axis=2)
    return Image.fromarray(rgba.astype(np.uint8))


def design(theme: str) -> str:
    """Return a theme's name without colour, size and hand: ``oxy`` of ``oxy-blue``."""
    for name in ("Bibata-Modern", "Bibata-Original", "Chameleon", "crystal", "DMZ", "oxy"):
        if theme.startswith(name):
            return name.lower()
    return "breeze" if theme.lower().startswith("breeze") else theme.lower()


def _signs(part: int, label_of: Callable[[str, str], str | None]) -> Callable[..., list[Drawing]]:
    def files(folder: Path) -> Iterator[tuple[tuple[str, str], bytes]]:
        for path in sorted(folder.glob("*.svg")):
            kind, thing = sign(path.stem)
            label = label_of(kind, thing)
            if label and half(thing) == part:
                design = path.stem.rpartition("--")[2]
                yield (label, f"{thing}__{kind}_{design}"), path.read_bytes()

    def drawings(unpack: Unpack) -> list[Drawing]:
        folder = unpack(ROAD) / "package/package_signs"
        return [
            Drawing(label, name, image)
            for (label, name), drawn in rendered(resvg(unpack), files(folder))
            if (image := pictured(drawn)) is not None
        ]

    return drawings


def _themes(unpack: Unpack) -> Iterator[Path]:
    """Yield the folders of some colours of every theme, in the largest size."""
    for package in THEMES.values():
        folders = sorted(unpack(package).glob("usr/share/icons/*/cursors"))
        folders = [f for f in folders if not f.parent.name.endswith(LEFT_OUT)]
        yield from folders[:: -(-len(folders) // COLOURS)]


def _roles(unpack: Unpack) -> list[Drawing]:
    return [
        Drawing(ROLES[role], f"{design(theme)}__{theme}", image)
        for role, theme, image in _cursors(unpack)
        if role in ROLES
    ]


def _makers(unpack: Unpack) -> list[Drawing]:
    return [
        Drawing(design(theme), f"{role}__{theme}", image)
        for role, theme, image in _cursors(unpack)
        if role not in ROLES
    ]


def _cursors(unpack: Unpack) -> Iterator[tuple[str, str, Image.Image]]:
    """Yield role, theme and image of each cursor that has a name of its own."""
    for folder in _themes(unpack):
        for path in sorted(folder.iterdir()):
            # Names of 32 digits are hashes of cursors that old programs ask for.
            if re.fullmatch("[0-9a-f]{32}", path.name) or not path.exists():
                continue
            # Another name of a cursor with a role is that cursor.
            name = path.name
            if path.is_symlink() and path.resolve().name in ROLES:
                name = path.resolve().name if name not in ROLES else name
            image = pictured(cursor(path.read_bytes()), ground=GREY)
            if image is not None:
                yield name, folder.parent.name, image


TASKS: tuple[FreshTask, ...] = (
    fresh_task(
        "sign_kinds",
        _signs(0, lambda kind, _name: kind),
        family="signs",
        superfamily="drawn",
        asks="whether a road sign warns, rules, informs or adds",
        objects="a meaning, in the designs of several countries",
        packages=(ROAD, RESVG),
        per_class=75,
    ),
    fresh_task(
        "sign_subjects",
        _signs(1, lambda _kind, name: subject(name)),
        family="signs",
        superfamily="drawn",
        asks="what a road sign speaks of",
        objects="a meaning, in the designs of several countries",
        packages=(ROAD, RESVG),
        per_class=40,
    ),
    fresh_task(
        "cursor_roles",
        _roles,
        family="cursors",
        superfamily="drawn",
        asks="what a cursor stands for",
        objects="a design, in up to seven colours",
        packages=tuple(THEMES.values()),
    ),
    fresh_task(
        "cursor_designs",
        _makers,
        family="cursors",
        superfamily="drawn",
        asks="the design that a cursor belongs to, on cursors of other roles",
        objects="a role, in up to seven colours",
        packages=tuple(THEMES.values()),
        per_class=45,
    ),
)
