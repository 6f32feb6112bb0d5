"""What zip and tar archives share: names that may be trusted, and errors.

Archives are read member by member and never extracted, so that a name is a label and no path on
this machine. Names that try to be one (absolute, or with ``..``) are left out all the same: nothing
honest writes them.
"""

from task2vec.data.containers.tree import Inventory
from task2vec.data.pixels.limits import FREE_EXPANSION_BYTES, MAX_EXPANSION, MAX_MEMBERS
from task2vec.data.pixels.reader import UnreadableImageError
from task2vec.errors import SourceError

MAX_NAME = 4096
"""Characters of a member's name: the longest path that Linux allows."""

GONE = UnreadableImageError("no longer in the archive")

UNPACK = "Unpack it and give the folder instead, if you trust it."


def member_path(name: str, *, inventory: Inventory) -> str | None:
    """Return the name of a member in its plain form, or None and note why it is left out."""
    if len(name) > MAX_NAME:
        inventory.left_out[f"name longer than {MAX_NAME} characters"].append(name[:MAX_NAME])
        return None
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts:
        return None
    if name.startswith("/") or ".." in parts or parts[0][1:2] == ":":
        inventory.left_out["name leads out of the archive"].append(name)
        return None
    path = "/".join(parts)
    return None if inventory.ignores(path) else path


def add_file(path: str, *, stamp: str, inventory: Inventory) -> None:
    """Take in a member that is a regular file; of several with one name, the last counts."""
    if path in inventory.images or path in inventory.documents:
        inventory.left_out["name occurs again later"].append(path)
    inventory.add_file(path, stamp=stamp)


def check_members(count: int, *, source: str) -> None:
    """Raise `SourceError` if an archive has more members than any data set."""
    if count > MAX_MEMBERS:
        raise SourceError(
            f"{source} has too many members", expected=f"at most {MAX_MEMBERS:,}", remedy=UNPACK
        )


def expansion_limit(packed: int) -> int:
    """Return the bytes that an archive of ``packed`` bytes may unpack to."""
    return max(FREE_EXPANSION_BYTES, MAX_EXPANSION * packed)


def bomb_error(source: str) -> SourceError:
    """Return the error for an archive that unpacks to absurdly many bytes."""
    return SourceError(
        f"{source} unpacks to far more bytes than images would, like a decompression bomb",
        expected=f"at most {MAX_EXPANSION} times its size",
        remedy=UNPACK,
    )


def damaged_error(source: str, *, got: str) -> SourceError:
    """Return the error for an archive that cannot be read to its end."""
    return SourceError(
        f"The archive {source} is damaged, incomplete or not of the kind its name says",
        got=got,
        remedy="Copy or download it again.",
    )
