"""Tango desktop icons by their context: actions, devices, places and so on."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from examples.rebuild.drawing import Drawing, ExampleTask, on_ground
from examples.rebuild.packages import Package

PACKAGE = Package(
    "tango-icon-theme",
    "0.9.0-1",
    "8d254db398f5ed58c297e818c1cfe920687f10e27dcb5118638f7fffe51763cb",
)
CONTEXTS = {
    "action": "actions",
    "application": "apps",
    "category": "categories",
    "device": "devices",
    "emote": "emotes",
    "file_type": "mimetypes",
    "place": "places",
    "status": "status",
}
# The only icon that is not CC0 (LGPL-2.1).
EXCLUDED = "application-pdf"


def _drawings(unpacked: Callable[[Package], Path]) -> list[Drawing]:
    folder = unpacked(PACKAGE) / "usr/share/icons/Tango/32x32"
    drawings = []
    for label, context in CONTEXTS.items():
        for path in sorted((folder / context).glob("*.png")):
            if path.is_symlink() or path.stem == EXCLUDED:
                continue
            with Image.open(path) as image:
                drawings.append(Drawing(label, path.stem, on_ground(image)))
    return drawings


TASKS = (
    ExampleTask(
        name="tango_icons",
        family="icons",
        packages=(PACKAGE,),
        done="32 px, on white; links to other icons are left out",
        licence="CC0-1.0",
        attribution="Tango Desktop Project, by its contributors",
        notice="tango.txt",
        per_class=70,
        drawings=_drawings,
    ),
)
