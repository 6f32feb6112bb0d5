"""The answers that are read from the keys of images, and the distances between questions."""

from pathlib import Path

import numpy as np
import pytest

from research.development.other_labels import QUESTIONS, _distances


@pytest.mark.parametrize(
    ("task", "key", "answers"),
    [
        (
            "emoji_hands",
            "fist/raised_fist__medium_dark_google.png",
            {"gesture": "fist", "tone": "medium_dark", "design": "google"},
        ),
        (
            "tones_of_activities",
            "light/surfer__light_twitter.png",
            {"tone": "light", "design": "twitter"},
        ),
        (
            "styles_capitals",
            "bold/u0041__notoserif.png",
            {"style": "bold", "typeface": "notoserif"},
        ),
    ],
)
def test_a_key_answers_the_questions(task, key, answers):
    assert {name: ask(Path(key)) for name, ask in QUESTIONS[task].items()} == answers


def test_questions_are_compared_across_halves_on_the_filters_that_count():
    rng = np.random.default_rng(0)
    one, other = (np.exp(rng.normal(-8, 1, 400)).astype(np.float32) for _ in range(2))
    other[:200] = one[:200]
    found = {name: (np.tile(x, (8, 1)),) * 2 for name, x in (("one", one), ("other", other))}
    first = np.arange(400) < 200

    same, different = _distances(found, ~first)
    assert same == pytest.approx([0, 0], abs=1e-6)
    assert different[0] == pytest.approx(different[1])
    assert min(different) > 0.1
    assert _distances(found, first)[1] == pytest.approx([0, 0], abs=1e-6)
