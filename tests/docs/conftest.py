"""A folder with small real tasks, in which the snippets of a page run."""

import shutil
from pathlib import Path

import pytest
from documents import ROOT

EXAMPLES = ROOT / "examples"

#: What stands in for somebody's photographs: the classes of a task, under other names.
PHOTOS = {
    "birds": ("satellite_day", ("finch", "robin", "wren")),
    "dogs": ("latin_small_letters", ("beagle", "collie", "poodle")),
    "flowers": ("satellite_night", ("poppy", "rose", "tulip")),
}
TASKS = ("emoji_food", "greek_capitals", "latin_small_letters")
CLASSES, IMAGES = 2, 4


def copy_few(source: Path, target: Path) -> None:
    """Copy a few images of a few classes, names unchanged."""
    for folder in sorted(path for path in source.iterdir() if path.is_dir())[:CLASSES]:
        (target / folder.name).mkdir(parents=True)
        for image in sorted(folder.iterdir())[:IMAGES]:
            shutil.copy(image, target / folder.name)


@pytest.fixture(scope="session")
def small_tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with ``photos`` and ``examples``; copy it before use."""
    root = tmp_path_factory.mktemp("small_tasks")
    for name, (source, labels) in PHOTOS.items():
        folders = sorted((EXAMPLES / "tasks" / source).iterdir())
        for label, folder in zip(labels, folders, strict=False):
            (root / "photos" / name / label).mkdir(parents=True)
            for number, image in enumerate(sorted(folder.iterdir())[:IMAGES], start=1):
                shutil.copy(image, root / "photos" / name / label / f"{number}{image.suffix}")
    for name in TASKS:
        copy_few(EXAMPLES / "tasks" / name, root / "examples" / "tasks" / name)
    for split in ("train", "test"):
        held_back = Path("held_back", "cyrillic_capitals", split)
        copy_few(EXAMPLES / held_back, root / "examples" / held_back)
    return root
