"""Chinese characters by radical and strokes, Korean syllables by sound, symbols by their block."""

import bz2
import random
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from PIL import Image

from examples.rebuild.drawing import Drawing
from examples.rebuild.letters import drawn
from research.development.source import Unpack
from research.fresh.packages import PACKAGES
from research.fresh.source import FreshTask, fresh_task, half

UNICODE, UMING = PACKAGES["unicode-data"], PACKAGES["fonts-arphic-uming"]
NANUM, SYMBOLA = PACKAGES["fonts-nanum"], PACKAGES["fonts-symbola"]
#: The characters of the first standard, among them all that are in use.
HANZI = range(0x4E00, 0x9FA6)
#: Radicals that stand at the side or on top of many characters, by Kangxi number.
RADICALS = {
    "9": "man",
    "30": "mouth",
    "38": "woman",
    "61": "heart",
    "64": "hand",
    "75": "tree",
    "85": "water",
    "86": "fire",
    "118": "bamboo",
    "120": "silk",
    "140": "grass",
    "149": "speech",
    "157": "foot",
    "167": "gold",
}
STROKES = {"few": range(2, 7), "some": range(8, 11), "many": range(13, 16), "most": range(19, 31)}
INITIALS = {
    **{0: "g", 2: "n", 3: "d", 5: "r", 6: "m", 7: "b", 9: "s"},
    **{11: "ng", 12: "j", 14: "ch", 15: "k", 16: "t", 17: "p", 18: "h"},
}
VOWELS = {
    **{0: "a", 2: "ya", 4: "eo", 6: "yeo", 8: "o"},
    **{12: "yo", 13: "u", 17: "yu", 18: "eu", 20: "i"},
}
#: Without a consonant at the end, and with n, l and ng.
FINALS = (0, 4, 8, 21)
#: Of each sound.
SYLLABLES = 20
NANUMS = ("NanumGothic", "NanumMyeongjo", "NanumSquareR", "NanumBarunGothicBold")
TECHNICAL = (
    "Arrows",
    "Mathematical Operators",
    "Miscellaneous Technical",
    "Enclosed Alphanumerics",
    "Box Drawing",
    "Geometric Shapes",
    "Miscellaneous Symbols",
    "Dingbats",
)
OLD = (
    "Coptic",
    "Aegean Numbers",
    "Ancient Greek Numbers",
    "Phaistos Disc",
    "Byzantine Musical Symbols",
    "Musical Symbols",
    "Tai Xuan Jing Symbols",
    "Domino Tiles",
    "Alchemical Symbols",
    "Yijing Hexagram Symbols",
)


def initial_of(syllable: int) -> int:
    """Return the number of the first consonant of a syllable, a Unicode character.

    The syllables are laid out as 19 initials times 21 vowels times 28 finals (Unicode, section
    3.12).
    """
    return (syllable - 0xAC00) // (21 * 28)


def vowel_of(syllable: int) -> int:
    """Return the number of the vowel of a syllable."""
    return (syllable - 0xAC00) // 28 % 21


def field(lines: Iterator[str], name: str) -> dict[int, str]:
    """Return the first value of a field of the Unihan database by character."""
    found = {}
    for line in lines:
        number, _, rest = line.partition("\t")
        key, _, value = rest.strip().partition("\t")
        if line.startswith("U+") and key == name:
            found[int(number[2:], 16)] = value.split()[0]
    return found


def radical_of(value: str) -> str | None:
    """Return the name of a radical of ``64.5``: number, a dot, strokes beside it.

    Simplified forms, which have an apostrophe, look otherwise and are left out.
    """
    return RADICALS.get(value.partition(".")[0])


def strokes_of(value: str) -> str | None:
    """Return the name of the group that a number of strokes is in."""
    return next((name for name, group in STROKES.items() if int(value) in group), None)


def blocks(lines: Iterator[str]) -> dict[str, range]:
    """Return the characters of each block of ``Blocks.txt``."""
    found = {}
    for line in lines:
        span, separator, name = line.strip().partition("; ")
        if separator and not line.startswith("#"):
            first, last = (int(end, 16) for end in span.split(".."))
            found[name] = range(first, last + 1)
    return found


def _hanzi(
    key: str, label_of: Callable[[str], str | None], part: int
) -> Callable[..., list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        folder = unpack(UNICODE) / "usr/share/unicode"
        with bz2.open(folder / "Unihan_IRGSources.txt.bz2", "rt", encoding="utf-8") as lines:
            values = field(lines, key)
        font = next(unpack(UMING).rglob("uming.ttc"))
        wanted = {
            number: label
            for number in HANZI
            if number in values
            and (label := label_of(values[number]))
            and half(chr(number)) == part
        }
        # Twice as many as are kept: some look alike.
        return _characters(font, _some(wanted, 80))

    return drawings


def _some(labels: Mapping[int, str], most: int) -> dict[int, str]:
    """Return at most so many characters of each label, drawn by lot."""
    kept = {}
    for label in sorted(set(labels.values())):
        numbers = sorted(number for number, of in labels.items() if of == label)
        random.Random(label).shuffle(numbers)
        kept.update(dict.fromkeys(numbers[:most], label))
    return kept


def _hangul(
    sounds: Mapping[int, str], number_of: Callable[[int], int], part: int
) -> Callable[[Unpack], list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        files = {path.stem: path for path in unpack(NANUM).rglob("*.ttf")}
        labels = {
            syllable: sounds[number_of(syllable)]
            for syllable in range(0xAC00, 0xD7A4)
            if number_of(syllable) in sounds
            and initial_of(syllable) in INITIALS
            and vowel_of(syllable) in VOWELS
            and (syllable - 0xAC00) % 28 in FINALS
            and half(chr(syllable)) == part
        }
        labels = _some(labels, SYLLABLES)
        found: list[Drawing] = []
        for face in NANUMS:
            found += _characters(files[face], labels, after=f"__{face}")
        return found

    return drawings


def _symbols(names: tuple[str, ...]) -> Callable[[Unpack], list[Drawing]]:
    def drawings(unpack: Unpack) -> list[Drawing]:
        listed = unpack(UNICODE) / "usr/share/unicode/Blocks.txt"
        with listed.open(encoding="utf-8") as lines:
            found = blocks(lines)
        font = next(unpack(SYMBOLA).rglob("*.ttf"))
        labels = {number: _slug(name) for name in names for number in found[name]}
        return _characters(font, labels)

    return drawings


def _slug(name: str) -> str:
    return name.lower().replace(" ", "_")


def _characters(font: Path, labels: Mapping[int, str], *, after: str = "") -> list[Drawing]:
    """Draw the characters that a font has, each once, mildly askew."""
    covered = _covered(font)
    found: list[Drawing] = []
    for number, label in labels.items():
        if number in covered:
            image: Image.Image | None = drawn(
                font, chr(number), random.Random(f"{font.name} {number}")
            )
            if image is not None:
                found.append(Drawing(label, f"u{number:x}{after}", image))
    return found


@cache
def _covered(font: Path) -> frozenset[int]:
    """Return the characters that a font maps; of a collection the first font counts."""
    with TTFont(font, fontNumber=0, lazy=True) as opened:
        return frozenset(opened.getBestCmap())


TASKS: tuple[FreshTask, ...] = (
    fresh_task(
        "hanzi_radicals",
        _hanzi("kRSUnicode", radical_of, 0),
        family="hanzi",
        superfamily="glyphs",
        asks="the radical of a Chinese character",
        objects="a character",
        packages=(UNICODE, UMING),
        per_class=40,
    ),
    fresh_task(
        "hanzi_strokes",
        _hanzi("kTotalStrokes", strokes_of, 1),
        family="hanzi",
        superfamily="glyphs",
        asks="how many strokes a Chinese character has, in four groups",
        objects="a character",
        packages=(UNICODE, UMING),
        per_class=75,
    ),
    fresh_task(
        "hangul_initials",
        _hangul(INITIALS, initial_of, 0),
        family="hangul",
        superfamily="glyphs",
        asks="the first consonant of a Korean syllable",
        objects="a syllable, in four typefaces",
        packages=(NANUM,),
        per_class=36,
    ),
    fresh_task(
        "hangul_vowels",
        _hangul(VOWELS, vowel_of, 1),
        family="hangul",
        superfamily="glyphs",
        asks="the vowel of a Korean syllable",
        objects="a syllable, in four typefaces",
        packages=(NANUM,),
        per_class=40,
    ),
    fresh_task(
        "symbols_technical",
        _symbols(TECHNICAL),
        family="symbols",
        superfamily="glyphs",
        asks="the Unicode block of a technical symbol",
        objects="a character",
        packages=(UNICODE, SYMBOLA),
    ),
    fresh_task(
        "symbols_old",
        _symbols(OLD),
        family="symbols",
        superfamily="glyphs",
        asks="the Unicode block of an old or rare sign",
        objects="a character",
        packages=(UNICODE, SYMBOLA),
        per_class=45,
    ),
)
