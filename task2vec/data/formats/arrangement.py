"""What a tree of files is: tables, a detection data set, images with a labels file, or folders."""

from collections.abc import Callable

from task2vec.data.containers.tree import Tree
from task2vec.data.formats.class_folders import task_from_class_folders
from task2vec.data.formats.coco import task_from_coco
from task2vec.data.formats.labels_file import task_from_labels_file
from task2vec.data.formats.table_files import task_from_table_files
from task2vec.data.formats.yolo import task_from_yolo
from task2vec.data.task import Task

# A statement of somebody's goes before the names of folders.
_DOCUMENTED: tuple[Callable[..., Task | None], ...] = (
    task_from_table_files,
    task_from_coco,
    task_from_yolo,
    task_from_labels_file,
)


def task_from_tree(tree: Tree, *, name: str) -> Task:
    """List the images of a tree by the first arrangement that fits; raises `SourceError`."""
    for arrangement in _DOCUMENTED:
        task = arrangement(tree, name=name)
        if task is not None:
            return task
    return task_from_class_folders(tree, name=name)
