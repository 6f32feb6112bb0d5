"""The choice between a linear probe and fine-tuning: accuracy first, loss within its noise."""

from math import inf, nan

import numpy as np
import pytest
import torch

from task2vec.finetuning.auto_recipe import choose
from task2vec.finetuning.classify import HeldOut
from task2vec.finetuning.result import Choice, Score, prefers_training
from task2vec.types import ChosenBy, Recipe


def score(accuracy, loss):
    return Score(accuracy=accuracy, loss=loss)


def test_a_smaller_loss_does_not_cost_eleven_points_of_accuracy():
    # Seen: 38 % and 2.02 was preferred to 49 % and 2.06.
    assert not prefers_training(score(0.49, 2.06), score(0.38, 2.02), noise=0.04)
    assert prefers_training(score(0.38, 2.02), score(0.49, 2.06), noise=0.04)


@pytest.mark.parametrize(("accuracy", "loss", "chosen"), [(0.48, 1.9, True), (0.50, 2.2, False)])
def test_within_the_noise_the_smaller_loss_decides(accuracy, loss, chosen):
    assert prefers_training(score(0.49, 2.06), score(accuracy, loss), noise=0.04) is chosen


@pytest.mark.parametrize("loss", [nan, inf])
def test_a_training_that_diverged_is_never_preferred(loss):
    assert not prefers_training(score(0.3, 2.0), score(0.6, loss), noise=0.01)


def held_out(right, *, sure):
    """Logits of two classes; the images of ``right`` are right, all with this certainty."""
    labels = np.zeros(len(right), dtype=np.int64)
    logits = torch.zeros(len(right), 2)
    logits[np.arange(len(right)), (~right).astype(int)] = sure
    return HeldOut(logits, labels)


@pytest.mark.parametrize(
    ("lost", "chosen", "words"),
    [
        (20, Recipe.LINEAR_PROBE, "the accuracy decides (20 points, standard error 4)"),
        (0, Recipe.LINEAR_PROBE, "too close to decide (0 points, standard error 1), the smaller"),
    ],
)
def test_images_that_both_recipes_get_right_make_no_noise(lost, chosen, words):
    probe, tuned = np.ones(100, dtype=bool), np.ones(100, dtype=bool)
    probe[80:] = False
    tuned[80 - lost :] = False
    found = choose(
        held_out(probe, sure=1.0),
        held_out(tuned, sure=1.0),
        by=ChosenBy.CROSS_VALIDATION,
        learning_rate=3e-4,
    )
    difference = tuned.astype(float) - probe
    variance = ((difference**2).sum() + 2) / 100**2 - difference.mean() ** 2 / 100
    assert found.noise == pytest.approx(np.sqrt(variance))
    assert found.chosen is chosen
    assert words in found.reason


def test_what_an_earlier_version_made_says_that_the_loss_decided():
    old = Choice(
        chosen=Recipe.ALL_LAYERS,
        by=ChosenBy.VALIDATION,
        images=40,
        learning_rate=1e-3,
        linear_probe=score(0.5, 1.2),
        all_layers=score(0.4, 1.1),
    )
    assert old.reason.endswith("; the smaller loss decides")
