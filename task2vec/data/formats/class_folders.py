"""A tree with one folder of images per class."""

from pathlib import Path

from task2vec.data.build import build_from_places
from task2vec.data.containers.inventory import SUFFIXES
from task2vec.data.containers.tree import Tree
from task2vec.data.formats.layout import lay_out
from task2vec.data.paths import is_folder
from task2vec.data.task import Task
from task2vec.data.wording import examples, plural, typed
from task2vec.errors import SourceError

LAYOUT = "one folder of images per class, optionally inside train, val and test folders"


def task_from_class_folders(tree: Tree, *, name: str) -> Task:
    """Take the classes from the folders; see `task2vec.data.formats.layout` for the rule.

    Raises `SourceError` if there are no images, no class folders or only one class.
    """
    inventory = tree.inventory
    warnings = inventory.warnings()
    if not inventory.images:
        raise SourceError(
            f"{tree.source} holds no images",
            expected=LAYOUT,
            got="; ".join(warnings) or "nothing",
            remedy=f"Images are files that end in {', '.join(sorted(SUFFIXES))}. Links are not "
            "followed: list linked files in a CSV file with the columns path,label.",
        )
    layout = lay_out(inventory.images, folders=inventory.folders)
    if layout.strays:
        what = plural(len(layout.strays), "image")
        warnings.append(f"{what} left out, lying in no class folder: {examples(layout.strays)}")
    if layout.empty:
        what = plural(len(layout.empty), "class folder")
        warnings.append(f"{what} without images: {examples(layout.empty)}")
    if not layout.places:
        raise SourceError(
            f"{tree.source} has images but no classes",
            expected=LAYOUT,
            got=f"{plural(len(layout.strays), 'image')} in no class folder",
            remedy="Sort the images into one folder per class, or list them in a file labels.csv "
            "beside them, with the columns path,label.",
        )
    if layout.nested:
        source = typed(tree.source) if is_folder(Path(tree.source)) else "FOLDER"
        warnings.append(
            "each class folder holds several folders of images and no image itself. If each class "
            f"folder is a task of its own: `task2vec batch {source}`, and to remove this one from "
            f"the store: `task2vec remove {typed(name)}`"
        )
    return build_from_places(
        layout.places,
        name=name,
        source=tree.source,
        stamps=[tree.clock + inventory.images[key] for key in layout.places],
        warnings=warnings,
        reader=tree.images,
    )
