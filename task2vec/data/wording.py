"""Counts and names as they are shown to people."""

import re
import shlex
from collections.abc import Callable, Collection, Sequence

from task2vec.types.names import visible

FOLDER = "FOLDER"
"""Stands in a command for a folder that only the person who types it knows."""
URL_OPTION = " --url URL"
"""Ends a command for the server whose address only the person who types it knows."""
URL_EXPLAINED = " and URL is the address of the server"
"""Says so behind the command."""
EXAMPLES = 3
"""How many of many are named."""


def plural(count: int, noun: str) -> str:
    """Return ``count`` with the noun in its right number.

    >>> plural(1, "class"), plural(1200, "class"), plural(2, "entry"), plural(0, "image")
    ('1 class', '1,200 classes', '2 entries', '0 images')
    """
    if count != 1:
        noun = noun[:-1] + "ie" if noun.endswith("y") else noun
        noun += "es" if noun.endswith("s") else "s"
    return f"{count:,} {noun}"


def examples(names: Collection[str]) -> str:
    """Return the first few by name, as `shown`."""
    return few(sorted(names), shown)


def remarks(names: Collection[str], noun: str, what: str) -> list[str]:
    """Return the sentence that so many of a noun are so, with examples; none for no names.

    >>> remarks(["b", "a"], "image", "left out"), remarks([], "image", "left out")
    (['2 images left out: a, b'], [])
    """
    return [f"{plural(len(names), noun)} {what}: {examples(names)}"] if names else []


def few(items: Sequence[str], shown_as: Callable[[str], str]) -> str:
    """Return the first few in their order, by how each is shown.

    >>> few(["ants", "bees", "cats", "dogs"], str.upper), few(["ants"], str)
    ('ANTS, BEES, CATS, ...', 'ants')
    """
    first = ", ".join(map(shown_as, items[:EXAMPLES]))
    return first + (", ..." if len(items) > EXAMPLES else "")


def copies(count: int, whose: str, task: str, *, share: float, exact: int = 0) -> str:
    """Return that so many images, a ``share`` of them all, look like copies of those of a task.

    ``exact`` of them are the same pixel by pixel. Others may be drawings of few pixels, which look
    alike without being copies: so the count is the most that there are.

    >>> copies(12, "of your 300 images", "pets", share=0.04, exact=3)
    'as many as 12 of your 300 images look like copies of images of pets (4 %, 3 pixel by pixel)'
    >>> copies(1, "of the images of birds", "pets", share=0.003)
    '1 of the images of birds looks like a copy of an image of pets (below 1 %)'
    >>> copies(2, "of your 8 images", "pets", share=0.25, exact=2)
    'pets contains 2 of your 8 images (25 %, pixel by pixel)'
    """
    part = f"{100 * share:.0f} %" if share >= 0.01 else "below 1 %"
    if exact == count:
        return f"{task} contains {count:,} {whose} ({part}, pixel by pixel)"
    pixels = f", {exact:,} pixel by pixel" if exact else ""
    like = "looks like a copy of an image" if count == 1 else "look like copies of images"
    most = "" if count == 1 else "as many as "
    return f"{most}{count:,} {whose} {like} of {task} ({part}{pixels})"


def shown(name: str) -> str:
    """Return a name without what would disturb a terminal, shortened where it is very long.

    >>> shown("a\\nb")
    'a\\\\nb'
    """
    return re.sub(r"^(.{40}).{20,}(.{40})$", r"\1...\2", visible(name))


def typed(text: str) -> str:
    """Return a text as a shell reads it, in escapes where it would disturb a terminal.

    >>> typed("a b"), typed("a\\nb")
    ("'a b'", "$'a\\\\nb'")
    """
    if text.isprintable():
        return shlex.quote(text)
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{visible(escaped)}'"


def printable(name: str) -> str:
    """Return a name whose bytes may not be UTF-8 as text that can be shown and stored.

    >>> printable("ros\\udce9")
    'ros\\\\xe9'
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
