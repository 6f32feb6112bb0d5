"""A folder on disk, walked without following links.

Symbolic links below the folder are not followed, wherever they lead: one that stays inside would
give an image twice, one that leads out would read what the source does not hold. They are reported;
a manifest may name linked files.
"""

import os
from pathlib import Path

from task2vec.data.containers.tree import Inventory, Tree
from task2vec.data.paths import reason
from task2vec.data.pixels.files import FileReader, stamp
from task2vec.data.wording import printable
from task2vec.errors import SourceError


def folder_tree(folder: Path, *, source: str, largest: int) -> Tree:
    """List the files below a folder.

    ``largest`` is the most bytes of a document. Raises `SourceError` if it cannot be opened.
    """
    inventory = Inventory()
    paths: dict[str, str] = {}
    root = os.path.realpath(folder)
    pending = [(root, "")]
    while pending:
        path, prefix = pending.pop()
        try:
            with os.scandir(path) as found:
                children = list(found)
        except OSError as error:
            if not prefix:
                raise SourceError(
                    f"The folder {source} cannot be opened",
                    got=reason(error),
                    remedy="Check its permissions.",
                ) from error
            inventory.left_out[f"folder not opened, {reason(error)}"].append(prefix[:-1])
            continue
        for child in children:
            # Names on disk are bytes; keys have to be text that can be stored.
            key = prefix + printable(child.name)
            if inventory.ignores(key):
                continue
            try:
                _take(child, key=key, root=root, inventory=inventory, pending=pending, paths=paths)
            except OSError as error:
                inventory.left_out[reason(error)].append(key)
    images = FileReader({key: paths[key] for key in sorted(inventory.images)}, root=root)
    papers = FileReader(
        {key: paths[key] for key in sorted(inventory.documents)}, root=root, largest=largest
    )
    return Tree(source, inventory, images, papers, root=Path(root))


def _take(
    child: os.DirEntry[str],
    *,
    key: str,
    root: str,
    inventory: Inventory,
    pending: list[tuple[str, str]],
    paths: dict[str, str],
) -> None:
    if child.is_symlink():
        inventory.left_out[_link(child.path, root=root)].append(key)
    elif child.is_dir(follow_symlinks=False):
        inventory.folders.add(key)
        pending.append((child.path, key + "/"))
    elif child.is_file(follow_symlinks=False):
        paths[key] = child.path
        inventory.add_file(key, stamp=stamp(child.stat(follow_symlinks=False)))
    else:
        inventory.left_out["neither file nor folder"].append(key)


def _link(path: str, *, root: str) -> str:
    target = os.path.realpath(path)
    if not os.path.exists(target):  # noqa: PTH110
        return "symbolic link to nothing"
    inside = os.path.commonpath([root, target]) == root
    return f"symbolic link to something {'inside' if inside else 'outside'}, not followed"
