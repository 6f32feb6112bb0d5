"""Names as a picture can show them: in fonts that have their characters, and not too long."""

from functools import cache

from matplotlib.font_manager import FontProperties, fontManager, get_font

# DejaVu Sans comes with matplotlib; the others, where installed, add what it lacks.
_FAMILIES = (
    "DejaVu Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans JP",
    "Noto Sans SC",
    "Noto Sans KR",
    "Source Han Sans",
    "WenQuanYi Zen Hei",
    "IPAexGothic",
    "Hiragino Sans",
    "PingFang SC",
    "Yu Gothic",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
)
_MISSING = "\u25a1"  # a white square, which DejaVu Sans has
_ELLIPSIS = "…"


@cache
def font_families() -> tuple[str, ...]:
    """Return the families to draw text in, those that are installed here, best first."""
    installed = {font.name for font in fontManager.ttflist}
    return tuple(family for family in _FAMILIES if family in installed)


@cache
def _characters() -> frozenset[int]:
    paths = (fontManager.findfont(FontProperties(family=[name])) for name in font_families())
    return frozenset(code for path in paths for code in get_font(path).get_charmap())


def printable(text: str) -> str:
    """Return ``text`` in one line, with a square for every character that no font has.

    Drawing the text as it is would warn of each missing glyph and fail on lone surrogates, which
    file names with undecodable bytes contain.
    """
    line = " ".join(text.split())
    return "".join(c if ord(c) in _characters() else _MISSING for c in line)


def shortened(text: str, length: int) -> str:
    """Return ``text`` in at most ``length`` characters, the middle giving way to an ellipsis.

    Names of one family share their beginning and differ at the end, so both are kept.
    """
    if len(text) <= length:
        return text
    tail = (length - 1) // 3
    return text[: length - 1 - tail].rstrip() + _ELLIPSIS + text[len(text) - tail :].lstrip()
