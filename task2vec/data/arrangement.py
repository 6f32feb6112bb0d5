"""What a tree of files is: tables, a detection data set, images with a labels file, or folders."""

from collections.abc import Callable

from task2vec.data.class_folders import task_from_class_folders
from task2vec.data.coco import task_from_coco
from task2vec.data.labels_file import task_from_labels_file
from task2vec.data.table_files import task_from_table_files
from task2vec.data.task import Task
from task2vec.data.tree import Tree
from task2vec.data.yolo import task_from_yolo

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
