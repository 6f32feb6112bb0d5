"""Letters drawn with many typefaces: Greek capitals, Latin small letters, Cyrillic capitals.

The Cyrillic capitals are held back; their training and test parts share no typeface.
"""

import random
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from PIL import Image, ImageDraw, ImageFont

from examples.rebuild import fonts
from examples.rebuild.drawing import Drawing, ExampleTask
from examples.rebuild.packages import Package

GREEK = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"
LATIN = "abcdefghijklmnopqrstuvwxyz"
# The capitals that look unlike the Latin and Greek ones, with a few that nearly agree.
CYRILLIC = "БГДЖЗИЙЛПФЦЧШЩЫЭЮЯ"
SIZE = 64
OVERSAMPLING = 4


def _label(letter: str) -> str:
    """Return the last words of a letter's Unicode name: ``alpha``, ``short_i``, ``b``."""
    return unicodedata.name(letter).split("LETTER ")[1].lower().replace(" ", "_")


def has_glyph(font_file: Path, letter: str) -> bool:
    """Whether the font maps ``letter`` to an outline: old fonts claim letters they lack."""
    with TTFont(font_file, lazy=True) as font:
        glyph = font.getBestCmap().get(ord(letter))
        return glyph is not None and glyph != ".notdef"


def drawn(font_file: Path, letter: str, chance: random.Random) -> Image.Image | None:
    """Draw a letter with a mildly random size, place, slant and colours; None without ink."""
    side = SIZE * OVERSAMPLING
    font = ImageFont.truetype(
        str(font_file),
        round(chance.uniform(0.55, 0.72) * side),
        layout_engine=ImageFont.Layout.BASIC,
    )
    left, top, right, bottom = font.getbbox(letter)
    if right - left < 2 or bottom - top < 2:
        return None
    shift = [chance.uniform(-0.07, 0.07) * side for _ in range(2)]
    mask = Image.new("L", (side, side), 0)
    ImageDraw.Draw(mask).text(
        ((side - left - right) / 2 + shift[0], (side - top - bottom) / 2 + shift[1]),
        letter,
        fill=255,
        font=font,
    )
    mask = mask.rotate(chance.uniform(-9, 9), Image.Resampling.BICUBIC)
    mask = mask.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    cover = np.asarray(mask, dtype=np.float64)[..., None] / 255
    if cover.sum() < 20:
        return None
    dark = np.array([chance.uniform(0, 90) for _ in range(3)])
    light = np.array([chance.uniform(170, 255) for _ in range(3)])
    ink, ground = (light, dark) if chance.random() < 0.25 else (dark, light)
    pixels = ground + cover * (ink - ground)
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def _drawings(
    unpacked: Callable[[Package], Path], letters: str, typefaces: fonts.Typefaces
) -> list[Drawing]:
    drawings = []
    for package, names in typefaces.items():
        files = {path.name: path for path in unpacked(package).rglob("*") if path.is_file()}
        for name in names:
            for letter in letters:
                chance = random.Random(f"{name} {letter}")
                image = (
                    drawn(files[name], letter, chance) if has_glyph(files[name], letter) else None
                )
                if image is not None:
                    drawings.append(Drawing(_label(letter), Path(name).stem, image))
    return drawings


def _task(
    name: str, letters: str, typefaces: fonts.Typefaces, *, per_class: int, split: str = ""
) -> ExampleTask:
    def drawings(unpacked: Callable[[Package], Path]) -> list[Drawing]:
        return _drawings(unpacked, letters, typefaces)

    return ExampleTask(
        name=name,
        family="letters",
        packages=tuple(typefaces),
        done=f"drawn at {SIZE} px, a typeface an image; size, place, slant and colours vary; JPEG",
        licence="drawings of text; fonts OFL-1.1, not included",
        attribution="the designers of the fonts",
        notice="fonts.txt",
        per_class=per_class,
        drawings=drawings,
        jpeg=True,
        split=split,
    )


TASKS = (
    _task("greek_capitals", GREEK, fonts.GREEK, per_class=20),
    _task("latin_small_letters", LATIN, fonts.LATIN, per_class=14),
    _task("cyrillic_capitals", CYRILLIC, fonts.CYRILLIC_TRAIN, per_class=14, split="train"),
    _task("cyrillic_capitals", CYRILLIC, fonts.CYRILLIC_TEST, per_class=12, split="test"),
)
