"""What may be a name: of a task, a model, a data set, a class, a tag, a worker."""

import re

from task2vec.errors import SettingError

LONGEST_NAME = 200
#: Of an outcome's protocol, which is a sentence rather than a name.
LONGEST_PROTOCOL = 500
MOST_TAGS = 50
#: Of a note on a licence, and of the version of a bundle.
LONGEST_LICENCE, LONGEST_VERSION = 500, 50

BUNDLE_NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$"
"""For JSON Schema: the name of a bundle, which the names of its tasks begin with."""

# What cannot be seen forges lines of logs and of terminals, and makes two names look like one:
# control and format characters, spaces other than the plain one, invisible tags.
_HIDDEN = (
    r"\x00-\x1f\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    r"\ufeff\ufff9-\ufffb\ufffe\uffff"
    # JSON Schema has no escape for these.
    "\U000e0000-\U000e0fff"
)

NAME_PATTERN = f"^[^ {_HIDDEN}]([^{_HIDDEN}]*[^ {_HIDDEN}])?$"
"""For JSON Schema: visible characters, and spaces between them."""

ID_PREFIXES = ("tsk", "mdl", "out", "dst", "job", "bat", "key")
"""What ids begin with, before an underscore and 16 hexadecimal digits."""

# The ids of packaged models have their names there. And "." and ".." are steps of a path: no URL
# has them as the name of something.
_RESERVED = f"mdl_|({'|'.join(ID_PREFIXES)})_[0-9a-f]{{16}}$|[.][.]?$"

NEW_NAME_PATTERN = f"^(?!{_RESERVED}){NAME_PATTERN.removeprefix('^')}"
"""For JSON Schema: the names that something may be given. What has another already keeps it."""

# As the hub has them: no name begins or ends with a dot or a hyphen, or has two in a row.
_REPOSITORY_PART = "[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*"

MODEL_REFERENCE = (
    f"^(timm:[A-Za-z0-9][A-Za-z0-9._-]*|hf-hub:{_REPOSITORY_PART}/{_REPOSITORY_PART})"
    "(@[0-9a-f]{40})?([?]input_size=[0-9]{1,5})?$"
)
"""For JSON Schema: a model by the name it has elsewhere, and by the commit, if it is pinned."""

# No JSON carries lone surrogates, but the names of files do.
_NAME = re.compile(NAME_PATTERN.replace(_HIDDEN, _HIDDEN + r"\ud800-\udfff"))
_NOT_FOR_NEW = re.compile(_RESERVED.replace("$", r"\Z"))


def is_name(text: str) -> bool:
    """Whether a text of 1 to `LONGEST_NAME` characters shows all that it holds."""
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None


def check_name(name: str, *, new: bool = True) -> None:
    """Raise `SettingError` for a name that could not be typed or shown.

    And for a ``new`` one that could be taken for an id, or that no URL could hold; what an earlier
    version gave such a name keeps it.
    """
    if not is_name(name) or (new and _NOT_FOR_NEW.match(name)):
        raise SettingError(
            "This name cannot be used",
            expected=f"1 to {LONGEST_NAME} printable characters that are neither . nor .. nor an "
            "id, and do not begin with mdl_",
            got=repr(name[: LONGEST_NAME + 1]),
        )


def visible(text: str) -> str:
    r"""Return a text with escapes for what would disturb a terminal or forge a line of a log.

    >>> visible("a\nb")
    'a\\nb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
