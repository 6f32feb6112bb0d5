"""The map in a notebook: nothing covers anything, and the colours are explained."""

import re
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

from task2vec.messages.catalogue import TaskMap

SIZE = 11


def map_of(count: int, *, groups: tuple[str | None, ...] = (None,), spread: float = 1.0) -> TaskMap:
    rng = np.random.default_rng(count)
    places = rng.normal(size=(count, 2)) * spread
    # As tasks of one family do, half of them lie close together.
    places[: count // 2] *= 0.2
    points = [
        {
            "id": f"task_{i}",
            "name": f"a data set of birds, fold {i}",
            "x": float(x),
            "y": float(y),
            "group": groups[i % len(groups)],
            "classes": 3,
        }
        for i, (x, y) in enumerate(places)
    ]
    return TaskMap.model_validate({"method": "mds", "stress": 0.1, "points": points})


def html_of(found: TaskMap) -> str:
    html = found._repr_html_()
    assert html is not None
    return html


def labels(html: str) -> list[tuple[float, float, float, float]]:
    """Return the boxes of the names, generously: 0.6 of the size for each character."""
    boxes = []
    for x, y, anchor, text in re.findall(
        r'<text x="(\S+)" y="(\S+)" text-anchor="(\w+)">([^<]*)<', html
    ):
        width = 0.6 * SIZE * len(text)
        left = float(x) - width * {"start": 0, "middle": 0.5, "end": 1}[anchor]
        boxes.append((left, float(y) - 0.8 * SIZE, left + width, float(y) + 3))
    return boxes


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@pytest.mark.parametrize("count", [2, 29, 120])
def test_no_name_covers_another_or_a_point(count: int) -> None:
    html = html_of(map_of(count))
    boxes = labels(html)
    circles = [(float(x), float(y)) for x, y in re.findall(r'cx="(\S+)" cy="(\S+)" r="5"', html)]

    assert len(circles) == count
    assert len(boxes) >= min(count, 25)
    assert not any(overlap(a, b) for a, b in combinations(boxes, 2))
    points = [(x - 4, y - 4, x + 4, y + 4) for x, y in circles]
    assert not any(overlap(box, point) for box in boxes for point in points)
    assert all(x0 >= 0 and x1 <= 640 and y0 >= 0 and y1 <= 480 for x0, y0, x1, y1 in boxes)


def test_every_point_tells_its_name_under_the_mouse() -> None:
    found = map_of(120, groups=("birds", None))
    html = html_of(found)

    assert all(f"<title>{point.name}: 3 classes" in html for point in found.points)


def test_the_colours_are_explained() -> None:
    html = html_of(map_of(12, groups=("fold 10", "fold 2", None)))
    (svg,) = re.findall(r"<svg.*</svg>", html)
    listed = re.findall(r'fill="([^"]+)"></circle><text[^>]*>([^<]*)<', svg)

    assert [name for _, name in listed] == ["fold 2", "fold 10", "no tag"]
    assert len({colour for colour, _ in listed}) == 3
    drawn = dict.fromkeys(re.findall(r'r="5" fill="([^"]+)"', svg))
    assert set(drawn) == {colour for colour, _ in listed}


def test_without_groups_there_is_nothing_to_explain() -> None:
    assert "no tag" not in html_of(map_of(5))


def test_of_very_many_groups_the_largest_are_listed() -> None:
    html = html_of(map_of(90, groups=tuple(f"group {i}" for i in range(40))))

    assert "and 16 more" in html
    assert len(re.findall(r'r="4"', html)) == 24


def test_it_takes_neither_matplotlib_nor_torch() -> None:
    code = (
        "import sys; sys.modules.update(matplotlib=None, torch=None)\n"
        "import task2vec.client.show.notebook\n"
        "from task2vec.messages.catalogue import TaskMap\n"
        "point = {'id': 'a', 'name': 'a', 'x': 0, 'y': 0, 'group': 'g', 'classes': 2}\n"
        "found = TaskMap.model_validate({'points': [point], 'method': 'mds', 'stress': 0})\n"
        "print(found._repr_html_().count('<text'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "2\n"
