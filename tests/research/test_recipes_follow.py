"""The constants of recipes are those that the committed cells give, and their fit is right."""

import json

import numpy as np
import pytest

from research.recipes import follow, followed
from research.recipes.plan import MANY
from research.recipes.plan import Recipe as Tried
from research.recipes.promises import OUT as PROMISES
from research.transfer.outcomes import read_cells
from research.transfer.zoo import DEFAULT
from task2vec.recommendation.evidence.recipes import FOLLOWS, USUAL_SD, moved, recipe_gain
from task2vec.types.tuning import RECIPES, Recipe


def made(count=3000, seed=0):
    """Cells of both recipes, in four families of equal size."""
    rng = np.random.default_rng(seed)
    recipes = rng.integers(0, len(followed.TRAINED), count)
    probed, images = rng.normal(0, 0.15, count), rng.uniform(10, 300, count)
    return followed.Followed(
        families=np.array(list("abcd"))[np.arange(count) % 4].tolist(),
        targets=[str(i % 40) for i in range(count)],
        models=[str(i % 37) for i in range(count)],
        recipes=recipes,
        probed=probed,
        tuned=probed,
        noise=np.full(count, 0.02**2),
        images=images,
        base=rng.uniform(0.3, 0.95, count),
    )


LIFTS = np.log([[0.5, 100.0, 0.4], [1.2, 150.0, 0.5]])
TRUE = np.log([[0.8, 120.0, 0.04, 0.3, 0.5], [1.1, 80.0, 0.06, 0.6, 0.4]])


def drawn(cells, *, seed=1):
    """The cells with gains drawn as the true constants say."""
    mean, variance = follow.expected(TRUE, LIFTS, cells)
    rng = np.random.default_rng(seed)
    tuned = mean + np.sqrt(variance) * rng.normal(size=len(cells))
    return followed.Followed(**{**vars(cells), "tuned": tuned})


def test_a_fit_finds_what_cells_were_made_with():
    cells = drawn(made())
    gains = follow.fit(cells, LIFTS)
    assert np.exp(gains) == pytest.approx(np.exp(TRUE), rel=0.2)
    off = follow.errors(gains, LIFTS, cells)
    assert np.mean(off < 1.645) == pytest.approx(0.9, abs=0.02)
    assert follow.common_to_models(gains, LIFTS, cells) == pytest.approx(0, abs=0.05)


def test_what_a_model_has_of_its_own_is_found():
    cells = drawn(made())
    mean, variance = follow.expected(TRUE, LIFTS, cells)
    whose = np.random.default_rng(2).normal(size=37)[[int(m) for m in cells.models]]
    own = np.random.default_rng(3).normal(size=len(cells))
    tuned = mean + np.sqrt(variance) * (np.sqrt(0.3) * whose + np.sqrt(0.7) * own)
    with_models = followed.Followed(**{**vars(cells), "tuned": tuned})
    assert follow.common_to_models(TRUE, LIFTS, with_models) == pytest.approx(0.3, abs=0.12)


def test_a_recipe_without_cells_follows_the_other():
    cells = drawn(made())
    only = cells.of(cells.recipes == 1)
    stage, layers = np.exp(follow.fit(only, LIFTS))
    assert stage == pytest.approx(layers, rel=0.5)


def test_the_lift_of_the_default_is_found():
    rng = np.random.default_rng(4)
    count = 3000
    recipes, images = rng.integers(0, 2, count), rng.uniform(10, 400, count)
    lift, comes, sd = np.exp(LIFTS)[recipes].T
    probed = rng.normal(1, 1, count)
    noise = np.full(count, 0.2**2)
    mean = probed + lift * (1 - np.exp(-images / comes))
    tuned = mean + np.sqrt(sd**2 + noise) * rng.normal(size=count)
    cells = followed.Lifted(["a"] * count, recipes, probed, tuned, noise, images)
    found = follow.fit_lift(cells)
    assert np.exp(found[:, 2]) == pytest.approx(np.exp(LIFTS[:, 2]), rel=0.1)
    for many in (50.0, 150.0, 400.0):
        at = [follow.lifted(each, np.arange(2), np.full(2, 0.5), many) for each in (found, LIFTS)]
        assert at[0] == pytest.approx(at[1], abs=0.02)


@pytest.mark.parametrize("recipe", followed.TRAINED)
@pytest.mark.parametrize("gain", [-0.2, 0.1])
def test_what_is_fitted_is_what_the_product_computes(recipe, gain):
    gains, lifts = (
        np.log([[vars(FOLLOWS[each])[name] for name in names] for each in followed.TRAINED])
        for names in (follow.GAIN, follow.LIFT)
    )
    place, base, images = followed.TRAINED.index(recipe), 0.7, 60
    one = {"recipes": place, "probed": gain, "images": images, "base": base, "noise": 0.0}
    alone = {name: np.array([value]) for name, value in one.items()}
    cell = followed.Followed(**{**vars(made(1)), **alone})
    mean, variance = follow.expected(gains, lifts, cell)
    product = recipe_gain(recipe, gain, 0.0, images=images, base=base)
    assert (product.mean, product.sd) == pytest.approx((mean[0], np.sqrt(variance[0])))
    trained = moved(base, known_by=Recipe.LINEAR_PROBE, to=recipe, images=images)
    lifted = follow.lifted(lifts, cell.recipes, cell.base, cell.images)
    assert trained.accuracy == pytest.approx(lifted[0])


def test_rates_are_those_that_finetune_takes():
    found = {
        (tried, images): followed.as_trained(tried, images)
        for tried in Tried
        for images in (20, MANY)
    }
    assert {key: recipe for key, recipe in found.items() if recipe is not None} == {
        (Tried.STAGE, 20): Recipe.LAST_STAGE,
        (Tried.STAGE, MANY): Recipe.LAST_STAGE,
        (Tried.GENTLE, 20): Recipe.ALL_LAYERS,
        (Tried.ALL, MANY): Recipe.ALL_LAYERS,
    }


def test_usual_gains_are_those_of_most_models():
    cells = {(c.model, c.target, c.budget): c.accuracy for c in read_cells()}
    gains = [
        accuracy - cells[DEFAULT, target, budget]
        for (model, target, budget), accuracy in cells.items()
        if model != DEFAULT
    ]
    assert 1.483 * np.median(np.abs(gains)) == pytest.approx(USUAL_SD, abs=5e-4)


def test_the_constants_are_those_of_the_committed_report():
    constants = json.loads(follow.OUT.read_text(encoding="utf-8"))["constants"]
    assert set(constants) == {recipe.value for recipe in RECIPES[1:]}
    for recipe, values in constants.items():
        assert vars(FOLLOWS[Recipe(recipe)]) == values


def test_the_report_is_of_the_committed_cells():
    found = json.loads(follow.OUT.read_text(encoding="utf-8"))
    cells, plain = followed.read_followed()
    assert sum(found["cells"].values()) == len(cells) + len(plain.tuned)
    chosen = np.isin(cells.families, found["choosing_families"])
    lifts = follow.fit_lift(followed.of_families(plain, set(found["choosing_families"])))
    gains = follow.fit(cells.of(chosen), lifts)
    told = np.array(
        [
            [found["constants"][recipe.value][name] for name in (*follow.GAIN, *follow.LIFT)]
            for recipe in followed.TRAINED
        ]
    )
    wider = told[:, 2:5] / np.exp(gains[:, 2:])
    # Standard deviations are widened, all by the same factor.
    assert wider == pytest.approx(np.full((2, 3), wider.mean()), rel=0.03)
    assert wider.min() > 0.98
    assert told[:, :2] == pytest.approx(np.exp(gains[:, :2]), rel=0.03)
    assert told[:, 5:] == pytest.approx(np.exp(lifts), rel=0.03)


def test_whole_answers_keep_about_what_they_promise():
    """With few images they hold a little less than 90 %, with many more: the page says how many."""
    found = json.loads(PROMISES.read_text(encoding="utf-8"))
    held = found["share_of_fine_tuned_gains_in_90_percent_intervals"]
    for budget in ("few", "all"):
        for left in ("task", "family"):
            for probes in ("0", "1", "2", "4", "8", "16", "all"):
                value, _, high = held[budget][left][probes]
                assert value >= 0.83
                assert high >= 0.9
