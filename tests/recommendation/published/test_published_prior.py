"""The prior of a plain model: worked by hand, its laws, and its constants from the evidence."""

import json
import subprocess
import sys
from math import exp, log, sqrt

import numpy as np
import pytest
from factories import make_model
from hypothesis import given
from hypothesis import strategies as st

from research import RESULTS
from research.published.fit import Setting, slopes
from research.published.zoo import matrices
from task2vec.messages.models import Model
from task2vec.recommendation.published import prior
from task2vec.recommendation.published.models import DEFAULT, VERSION, published_models
from task2vec.recommendation.published.prior import prior_gain


def record(name: str, *, task: str | None = None) -> Model:
    return make_model("mine", ref=f"timm:{name}", task=task)


WITH_TOP1 = sorted(name for name, m in published_models().items() if m.imagenet is not None)


def test_worked_by_hand() -> None:
    # ResNet-50 with top-1 0.80382, the default with 0.74846, and a task that the default gets
    # right at odds of 0.838 to 0.162.
    gain = prior_gain(record("resnet50.a1_in1k"))
    apart = log(0.80382 / 0.19618) - log(0.74846 / 0.25154)
    assert apart == pytest.approx(0.32, abs=0.001)
    assert gain is not None
    odds = 0.838 / 0.162 * exp(0.488 * apart)
    assert gain.mean == pytest.approx(odds / (1 + odds) - 0.838)
    # To first order both are worth p (1 - p) a log-odd.
    assert gain.mean == pytest.approx(0.488 * apart * 0.838 * 0.162, abs=0.003)
    assert gain.sd == pytest.approx(sqrt(0.463**2 + (0.29 * apart) ** 2) * 0.838 * 0.162, rel=0.15)


def test_the_default_gains_nothing_under_any_name() -> None:
    for name in (DEFAULT, "tf_efficientnet_lite0"):
        gain = prior_gain(record(name))
        assert gain is not None
        assert (gain.mean, gain.sd) == (0, 0)


@pytest.mark.parametrize("name", ["resmlp_24_224.fb_dino", "resnet50.nobody", "nothing"])
def test_no_figure_no_prior(name: str) -> None:
    assert prior_gain(record(name)) is None


def test_an_expert_is_not_judged_by_its_origin() -> None:
    assert prior_gain(record("resnet50.a1_in1k", task="tsk-a")) is None


@given(st.sampled_from(WITH_TOP1), st.sampled_from(WITH_TOP1))
def test_a_better_figure_never_promises_less(first: str, second: str) -> None:
    if DEFAULT in (first, second):
        return
    worse, better = sorted((first, second), key=lambda name: published_models()[name].imagenet)
    gains = [prior_gain(record(name)) for name in (worse, better)]
    assert gains[0].mean <= gains[1].mean
    for gain in gains:
        assert 0 < prior.TYPICAL_ACCURACY + gain.mean < 1
        assert gain.sd > 0


@given(st.sampled_from(WITH_TOP1))
def test_the_sign_is_that_of_the_difference(name: str) -> None:
    gain, default = prior_gain(record(name)), published_models()[DEFAULT].imagenet
    assert gain is not None
    assert np.sign(gain.mean) == np.sign(published_models()[name].imagenet - default)


def test_nothing_is_promised_beyond_what_outcomes_are_known_of() -> None:
    best = max(WITH_TOP1, key=lambda name: published_models()[name].imagenet)
    least_beyond = min(
        (name for name in WITH_TOP1 if published_models()[name].imagenet > prior.MOST_TOP1),
        key=lambda name: published_models()[name].imagenet,
    )
    assert published_models()[best].imagenet > 0.9
    assert prior_gain(record(best)) == prior_gain(record(least_beyond))


def test_the_constants_are_those_of_the_evidence() -> None:
    told = json.loads((RESULTS / "published_prior.json").read_text(encoding="utf-8"))
    constants = told["constants"]
    assert told["version"] == VERSION
    assert constants["networks"] == 13
    assert constants["slope"] == [prior.SLOPE]
    assert constants["slope_sd"] == [prior.SLOPE_SD]
    assert constants["residual_sd"] == prior.RESIDUAL_SD
    assert constants["typical_accuracy"] == prior.TYPICAL_ACCURACY
    assert constants["top1_range"] == [prior.LEAST_TOP1, prior.MOST_TOP1]
    best = max(told["settings"], key=lambda line: line["mean"])["setting"]
    setting = Setting(**best | {"features": tuple(best["features"]), "shrink": float("inf")})
    assert setting == Setting("accuracies", "logits", ("top1",), 1.0)
    assert slopes(matrices(), setting) == pytest.approx([prior.SLOPE], abs=5e-4)


def test_a_server_that_must_not_load_torch_can_ask() -> None:
    asked = (
        "import sys; from task2vec.recommendation.published.prior import prior_gain; "
        "print(sorted({'torch', 'timm', 'scipy', 'faiss'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
