"""Whether people who see two kinds of cones can tell the groups of a map."""

from itertools import combinations

import numpy as np
import pytest

from task2vec.plots.style import PALETTE, PAPER, SHAPES, group_styles, in_order

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB under D65 of linear RGB."""
    x, y, z = TO_XYZ @ np.clip(rgb, 0, 1) / (TO_XYZ @ np.ones(3))
    f = [t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29 for t in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHT)
def test_every_two_colours_differ(sight: str) -> None:
    seen = {colour: lab(SIGHT[sight] @ linear(colour)) for colour in (*PALETTE, PAPER)}
    for one, other in combinations(seen, 2):
        # 2.3 is just noticeable side by side; marks lie far apart.
        assert np.linalg.norm(seen[one] - seen[other]) > 10, (one, other)


@pytest.mark.parametrize("count", [1, 7, 8, 14, 15, 56, 200])
def test_no_colour_repeats_in_a_picture(count: int) -> None:
    styles = group_styles(f"group {i}" for i in range(count))
    assert len({style.colour for style in styles.values()}) == count
    assert len({style.shape for style in styles.values()}) == min(count, len(SHAPES))


@pytest.mark.parametrize("sight", SIGHT)
def test_twenty_groups_differ_in_shape_or_clearly_in_colour(sight: str) -> None:
    for count in range(2, 21):
        styles = group_styles(f"group {i}" for i in range(count)).values()
        seen = {style: lab(SIGHT[sight] @ linear(style.colour)) for style in styles}
        for one, other in combinations(seen, 2):
            far = np.linalg.norm(seen[one] - seen[other])
            assert far > (10 if sight == "normal" or one.shape == other.shape else 4), (one, other)
            assert np.linalg.norm(seen[one] - lab(np.ones(3))) > 10


def test_styles_do_not_depend_on_the_order_of_the_tasks() -> None:
    assert group_styles(["b", "a", "b"]) == group_styles(["a", "b"])


def test_numbers_in_names_count_as_numbers() -> None:
    names = ["fold 10", "10", "a", "fold 2b", "", "2", "fold 2"]
    assert sorted(names, key=in_order) == ["", "2", "10", "a", "fold 2", "fold 2b", "fold 10"]
