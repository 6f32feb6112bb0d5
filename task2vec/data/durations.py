"""Durations as people write and read them."""

import re

from task2vec.errors import SettingError

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_WRITTEN = re.compile(r"(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m(?:in)?)?(?:(?P<s>\d+(?:\.\d+)?)s)?")
_BARE = re.compile(r"\d+(?:\.\d+)?")


def seconds_of(duration: str | float) -> float:
    """Return the seconds of a duration such as ``10m``, ``90s`` or ``1h30m``; a number is seconds.

    Raises `SettingError` for any other text, such as a number without its unit.

    >>> seconds_of("10m"), seconds_of("1h30m"), seconds_of("90s"), seconds_of(2)
    (600.0, 5400.0, 90.0, 2.0)
    """
    if not isinstance(duration, str):
        return float(duration)
    text = "".join(duration.lower().split())
    if _BARE.fullmatch(text):
        raise SettingError(
            "The time has no unit",
            expected=f"{text}m for minutes, or {text}s for seconds",
            got=duration,
        )
    match = _WRITTEN.fullmatch(text)
    if not text or match is None:
        raise SettingError(
            "The time cannot be read",
            expected="hours, minutes and seconds, such as 10m, 90s or 1h30m",
            got=duration,
        )
    return sum(float(match[unit] or 0) * seconds for unit, seconds in _UNITS.items())


def in_words(seconds: float) -> str:
    """Return a duration as it is read, the shorter the more exact.

    >>> in_words(0.2), in_words(95), in_words(580), in_words(840), in_words(5400), in_words(7200)
    ('1 s', '95 s', '9 min 40 s', '14 min', '1 h 30 min', '2 h')
    """
    whole = max(1, round(seconds))
    if whole < 120:
        return f"{whole} s"
    if whole >= 600:
        whole = 60 * round(whole / 60)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    parts = (hours, "h"), (minutes, "min"), (rest, "s")
    return " ".join(f"{count} {unit}" for count, unit in parts if count)
