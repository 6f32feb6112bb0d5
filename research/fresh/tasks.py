"""The fresh tasks with their families, and the folder that they are built in."""

from pathlib import Path

from research.development.tasks import DevelopmentTask
from research.development.tasks import cache as development_cache
from research.fresh import (
    boards,
    diagrams,
    dungeon,
    furniture,
    glyphs,
    pictograms,
    settlers,
    signs,
    sky,
    space,
    stamps,
    survival,
    themes,
)
from research.fresh.source import FreshTask

TASKS: tuple[FreshTask, ...] = (
    *glyphs.TASKS,
    *boards.TASKS,
    *signs.TASKS,
    *pictograms.TASKS,
    *diagrams.TASKS,
    *stamps.TASKS,
    *sky.TASKS,
    *dungeon.TASKS,
    *survival.TASKS,
    *settlers.TASKS,
    *space.TASKS,
    *themes.TASKS,
    *furniture.TASKS,
)

#: What families share, by the images' kind, as `research.development.tasks.SUPERFAMILIES`.
SUPERFAMILIES: dict[str, str] = {task.family: task.superfamily for task in TASKS}


def cache() -> Path:
    """Return the folder ``fresh`` beside that of the development tasks, made if missing."""
    path = development_cache().with_name("fresh")
    path.mkdir(parents=True, exist_ok=True)
    return path


def fresh_tasks() -> dict[str, DevelopmentTask]:
    """Return the tasks that `research.fresh.build` made, by name, in the order of `TASKS`."""
    found = {}
    for task in TASKS:
        folder = cache() / "tasks" / task.name
        if folder.is_dir():
            found[task.name] = DevelopmentTask(task.name, task.family, folder)
    return found
