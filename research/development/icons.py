"""Icon themes by context, flags by country, clip art of animals, emoji of animals and by tone."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from examples.rebuild import clipart, emoji, flags, tango
from examples.rebuild.drawing import Drawing, ExampleTask, has_ink, on_ground, squared
from examples.rebuild.packages import Package
from research.development.source import Rights, Unpack, development_task

GNOME = Package(
    "gnome-icon-theme",
    "3.12.0-6",
    "221355e43784c46d5da594daacacbeed5c1b0c7899e8903863999a7f17fb27f4",
)
OXYGEN = Package(
    "oxygen-icon-theme",
    "5:6.1.0+dfsg-2",
    "9b00dc8056ce661335b089e80e515a74080c54106a131b731886fb6a96e58b29",
)
ANIMALS = {
    "animal-mammal": "mammal",
    "animal-bird": "bird",
    "animal-marine": "marine",
    "animal-bug": "bug",
    "plant-other": "plant",
    "plant-flower": "flower",
}
CLIPART_ANIMALS = ("birds", "mammals", "bugs", "fish")
# Easily told apart even when seen askew.
COUNTRIES = (
    *("br", "ca", "ch", "cn", "de", "fr", "gb", "gr", "il", "in"),
    *("it", "jp", "ke", "kr", "mx", "no", "pk", "tr", "us", "za"),
)
VIEWS = 20


def _themed(package: Package, folder: str) -> Callable[[Unpack], list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        root = unpack(package) / folder
        found = []
        for label, context in tango.CONTEXTS.items():
            for path in sorted((root / context).glob("*.png")):
                if not path.is_symlink():
                    with Image.open(path) as image:
                        found.append(Drawing(label, path.stem, on_ground(image)))
        return found

    return drawings


def _flags(unpack: Unpack) -> list[Drawing]:
    """Return flags under random perspective on a random ground: the class is the country."""
    folder = unpack(flags.PACKAGE) / "usr/share/iso-flags-png-320x240"
    rng = np.random.default_rng(0)
    found = []
    for code in COUNTRIES:
        with Image.open(folder / f"{code}.png") as image:
            flag = on_ground(image).resize((48, 36), Image.Resampling.LANCZOS)
        for view in range(VIEWS):
            found.append(Drawing(code, f"{view:02d}", _askew(flag, rng)))
    return found


def _askew(flag: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Put a flag's four corners near those of its place in a square of 64 pixels."""
    corners = np.array([(6, 12), (58, 12), (58, 52), (6, 52)]) + rng.uniform(-9, 9, (4, 2))
    width, height = flag.size
    wanted = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=float)
    # The eight numbers of the projective map from the square's coordinates to the flag's: Pillow
    # asks for (a x + b y + c) / (g x + h y + 1) and the same with d, e, f.
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, wanted, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    numbers = np.linalg.solve(np.array(rows), np.array(values)).tolist()
    cover = Image.new("L", flag.size, 255)
    size, perspective, smooth = (
        (64, 64),
        Image.Transform.PERSPECTIVE,
        Image.Resampling.BILINEAR,
    )
    red, green, blue = (int(value) for value in rng.integers(60, 200, 3))
    ground = Image.new("RGB", size, (red, green, blue))
    ground.paste(
        flag.transform(size, perspective, numbers, smooth),
        mask=cover.transform(size, perspective, numbers, smooth),
    )
    return ground


def _clipart_animals(unpack: Unpack) -> list[Drawing]:
    folder = unpack(clipart.PACKAGE) / "usr/share/openclipart/png/animals"
    found, seen = [], set()
    for label in CLIPART_ANIMALS:
        for path in sorted((folder / label).rglob("*.png")):
            if path.stem in seen or _pixels(path) > clipart.MOST_PIXELS:
                continue
            seen.add(path.stem)
            with Image.open(path) as image:
                drawn = squared(on_ground(image), clipart.SIZE)
            if has_ink(drawn):
                found.append(Drawing(label, path.stem.strip("_"), drawn))
    return found


def _pixels(path: Path) -> int:
    """Return width times height from the header of an image."""
    with Image.open(path) as image:
        return image.width * image.height


def _emoji(unpack: Unpack, keep: Callable[[Mapping[str, str], str], str | None]) -> list[Drawing]:
    """Return the emoji that ``keep`` names a class for, by their entry and tone."""
    found = []
    for design, package in emoji.DESIGNS.items():
        folder = unpack(package) / "package"
        for entry, tone, file in emoji.pictures(folder, design):
            label = keep(entry, tone)
            if label is not None:
                name = f"{entry['short_name'].replace('-', '_')}__{tone}_{design}"
                with Image.open(file) as image:
                    found.append(Drawing(label, name, on_ground(image)))
    return found


def _animals(unpack: Unpack) -> list[Drawing]:
    return _emoji(unpack, lambda entry, _tone: ANIMALS.get(entry["subcategory"]))


def _tones(subcategories: frozenset[str]) -> Callable[[Unpack], list[Drawing]]:
    def keep(entry: Mapping[str, str], tone: str) -> str | None:
        return tone if tone != "plain" and entry["subcategory"] in subcategories else None

    return lambda unpack: _emoji(unpack, keep)


_EMOJI = Rights(
    "CC-BY-4.0 (Twemoji) and Apache-2.0 (Noto Emoji)",
    "Twemoji, © Twitter, Inc and other contributors; Noto Emoji, © Google",
)

TASKS: tuple[ExampleTask, ...] = (
    development_task(
        "gnome_icons",
        "icons",
        _themed(GNOME, "usr/share/icons/gnome/48x48"),
        packages=(GNOME,),
        per_class=50,
        rights=Rights(
            "GPL-2+", "GNOME icon theme, © 2002-2008 Andreas Nilsson, Jakub Steiner and others"
        ),
    ),
    development_task(
        "oxygen_icons",
        "icons",
        _themed(OXYGEN, "usr/share/icons/oxygen/base/64x64"),
        packages=(OXYGEN,),
        per_class=50,
        rights=Rights(
            "LGPL-3.0-or-later", "Oxygen icons, © 2007 David Miller, Nuno Pinheiro and others"
        ),
    ),
    development_task(
        "flags_askew",
        "flags",
        _flags,
        packages=(flags.PACKAGE,),
        per_class=VIEWS,
        rights=Rights("public domain", "Linux Mint flags, from Open Clip Art"),
    ),
    development_task(
        "clipart_animals",
        "clip_art",
        _clipart_animals,
        packages=(clipart.PACKAGE,),
        per_class=70,
        rights=Rights("public domain", "Open Clip Art Library, by its contributors"),
    ),
    development_task(
        "emoji_animals",
        "emoji",
        _animals,
        packages=(emoji.TWITTER, emoji.GOOGLE),
        per_class=60,
        rights=_EMOJI,
    ),
    development_task(
        "tones_of_professions",
        "tones",
        _tones(frozenset({"person-role"})),
        packages=(emoji.TWITTER, emoji.GOOGLE),
        per_class=60,
        rights=_EMOJI,
    ),
    development_task(
        "tones_of_activities",
        "tones",
        _tones(frozenset({"person-activity", "person-sport"})),
        packages=(emoji.TWITTER, emoji.GOOGLE),
        per_class=60,
        rights=_EMOJI,
    ),
)
