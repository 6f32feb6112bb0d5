"""Rules replayed on the zoo of 500: everybody pays, and nobody knows what is asked."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from research.large_zoo.asymmetry import alike, tuned_correlations, weighted_nearest
from research.large_zoo.checkpoints import compared
from research.large_zoo.costs import Costs, TargetCosts
from research.large_zoo.known import Relations, Zoo, mean_gains, related_tasks
from research.large_zoo.rank_correlation import by_target, rank_correlations
from research.large_zoo.regret import BEST, draw_regret, replayed, summary
from research.large_zoo.replay import OURS, UNMEASURED, Asked, best_tried, choices, world_of, zoos
from research.large_zoo.tables import Quantity, SourceRow, TargetRow, TunedRow

TASKS = {
    "greek_capitals": "letters",
    "hebrew_letters": "letters",
    "emoji_food": "emoji",
    "gnome_icons": "icons",
}
NAMES = list(TASKS)
PER_TASK = 6


def source_row(number: int) -> SourceRow:
    return SourceRow(
        source=number,
        tasks=NAMES[number % len(NAMES)],
        classes=4,
        images=30 + 10 * number,
        rate=1e-3,
        epochs=8,
        early=number % 4 == 0,
        accuracy=0.9,
        complexity=0.4 + 0.01 * number,
        nats=100.0 + number,
        head_accuracy=0.95,
        head_loss=0.3,
        training_seconds=1.0,
        outcome_seconds=1.0,
        embedding_seconds=1.0,
    )


def target_row(name: str) -> TargetRow:
    return TargetRow(name, TASKS[name], 4, 80, 40, 40, 20, 40, 20, 20, 24, 24, 10, 20, 0.5, 90.0)


@pytest.fixture
def zoo() -> Zoo:
    """Experts gain by nearness: those of a relative 0.2, others lose 0.1."""
    rng = np.random.default_rng(0)
    sources = tuple(source_row(number) for number in range(len(NAMES) * PER_TASK))
    targets = tuple(target_row(name) for name in NAMES)
    related = related_tasks([source.tasks.split("+") for source in sources], NAMES, TASKS)
    own, relative = related["task"], related["family"]
    truth = np.where(relative, 0.2, -0.1) + 0.01 * rng.normal(size=relative.shape)
    truth[own] = np.nan
    truth = np.vstack([np.zeros(len(targets)), truth])
    far = np.where(relative, 0.1, 0.5) + 0.01 * rng.random(relative.shape)
    far[own] = np.nan
    far = np.vstack([np.full(len(targets), np.nan), far])
    both = {5: np.stack([truth, truth], axis=2)}
    return Zoo(
        sources=sources,
        targets=targets,
        gains=both,
        variances={5: np.full_like(both[5], 1e-3)},
        held_out={5: truth},
        held_out_variances={5: np.full_like(truth, 5e-3)},
        logme={5: truth},
        ridge_error={5: 0.5 - truth},
        far=far,
        far_few={5: far},
        nats=far * 1000,
        related=related,
    )


@pytest.fixture
def relations(zoo) -> Relations:
    families = np.array(list(TASKS.values()))
    of_known = np.concatenate([[TASKS[source.tasks] for source in zoo.sources], families])
    plain = np.where(of_known[:, None] == of_known, 0.1, 0.5)
    np.fill_diagonal(plain, 0)
    of_all = np.concatenate([of_known, families])
    alike = np.where(of_all[:, None] == of_all, 1.0, 0.2)
    few = np.where(of_known[:, None] == families, 0.1, 0.5)
    return Relations(plain, few, alike, np.zeros_like(alike))


COSTS = Costs(
    load=0.5, image=0.01, targets={5: {name: TargetCosts(20, 2.0, 0.1, 0.2, 0.3) for name in NAMES}}
)


@pytest.fixture
def asked(zoo, relations) -> Asked:
    """Asks about the first target with all experts but those of its own task."""
    gains, variances = mean_gains(zoo, 5)
    experts = 1 + np.flatnonzero(~zoo.related["task"][:, 0])
    return Asked(zoo, relations, COSTS, gains, variances, 5, 0, experts, np.array([1, 2, 3]))


def test_only_as_many_models_are_tried_as_there_is_time_for(asked) -> None:
    order = asked.experts
    scores = np.arange(len(asked.zoo.sources) + 1.0)
    # Load, 20 images and the score: 0.8 seconds a model, the default's first.
    assert best_tried(asked, order, scores, each=0.1, seconds=0.1) == 0
    assert best_tried(asked, order, scores, each=0.1, seconds=1.6) == order[0]
    assert best_tried(asked, order, scores, each=0.1, seconds=4.1) == order[:4].max()
    assert best_tried(asked, order, scores, each=0.1, seconds=np.inf) == order.max()
    scores[order] = np.nan
    assert best_tried(asked, order, scores, each=0.1, seconds=np.inf) == 0


def test_the_world_holds_no_outcome_on_the_target_nor_of_what_is_not_offered(asked) -> None:
    world = world_of(asked)
    experts = len(asked.experts)
    assert world.gains.shape == (experts + 1, experts + 3 + 1)
    assert np.isnan(world.gains[:, -1]).all()
    assert np.isnan(world.gains[:, :experts]).all()
    np.testing.assert_array_equal(
        world.gains[1:, experts:-1], asked.gains[np.ix_(asked.experts, [1, 2, 3])]
    )
    assert world.sources.tolist() == [-1, *range(experts)]
    # Of the first target's relatives are the sources of the second.
    near = asked.zoo.related["task"][asked.experts - 1, 1]
    assert (world.symmetric[:experts, -1] < 0.2).tolist() == near.tolist()
    assert (world.symmetric == world.symmetric.T).all()


def test_with_time_all_find_a_relative_and_without_only_what_needs_none(asked) -> None:
    found = choices(asked, 60, np.random.default_rng(0))
    relatives = 1 + np.flatnonzero(asked.zoo.related["task"][:, 1])
    for rule in (OURS, UNMEASURED, "nearest", "LogME", "ridge error", "linear probes"):
        assert set(found[rule]) <= set(relatives), rule
    found = choices(asked, 1.0, np.random.default_rng(0))
    assert found["LogME"] == [0] * len(found["LogME"])
    assert found["linear probes"] == [0] * len(found["linear probes"])


def test_ours_pays_for_its_embedding_and_its_fit(asked, monkeypatch) -> None:
    """Its first probe does not fit into the time that embedding and the default's probe leave."""
    truth = asked.zoo.held_out[5].copy()
    truth[1:, 0] = -0.5
    misled = replace(asked, zoo=replace(asked.zoo, held_out={5: truth}, ridge_error={5: 1 - truth}))
    relatives = 1 + np.flatnonzero(asked.zoo.related["task"][:, 1])
    assert choices(misled, 3.0, np.random.default_rng(0))[OURS][0] in relatives
    assert choices(misled, 600.0, np.random.default_rng(0))[OURS] == [0]


def test_zoos_of_a_size_are_disjoint(zoo) -> None:
    parts = list(zoos(zoo, 10, repeats=4))
    assert [len(part) for part in parts] == [10, 10]
    assert not set(parts[0]) & set(parts[1])
    assert [len(part) for part in zoos(zoo, 24, repeats=4)] == [24]


def test_regret_is_against_the_best_by_the_other_draw(zoo, relations) -> None:
    gains = replayed(zoo, relations, COSTS, seconds=[60], size=24, left_out="task")[60]
    # Two targets have relatives in the zoo; of the others the default is best.
    np.testing.assert_allclose(gains[BEST], [20, 20, 0, 0], atol=5)
    found = summary(gains, zoo, zoo.families)["both"]
    assert found["default"]["regret"][0] == pytest.approx(gains[BEST].mean(), abs=0.01)
    assert found[OURS]["more_regret_than_ours"] == [0, 0, 0]
    assert found["ridge error of all"]["regret"][0] == pytest.approx(0, abs=1.5)


def test_a_family_left_out_is_neither_offered_nor_known(zoo, relations) -> None:
    gains = replayed(zoo, relations, COSTS, seconds=[60], size=24, left_out="family")[60]
    np.testing.assert_allclose(gains[BEST], 0, atol=0.1)
    np.testing.assert_allclose(gains[OURS], 0, atol=0.1)


def test_the_curve_is_drawn_for_every_rule_but_the_oracles(zoo, relations) -> None:
    gains = replayed(zoo, relations, COSTS, seconds=[60], size=24, left_out="task")[60]
    axes = Figure().subplots()
    found = summary(gains, zoo, zoo.superfamilies)
    draw_regret(axes, {"24": found, "10": found})
    labels = [line.get_label() for line in axes.lines]
    assert labels == [rule for rule in gains if not rule.startswith("best")]


def test_the_mean_of_draws_is_as_sure_as_tests_and_draws_are(zoo) -> None:
    _, variances = mean_gains(zoo, 5)
    # Draws that agree: two halves of 1e-3.
    np.testing.assert_allclose(variances[1, 1], 5e-4)
    apart = zoo.gains[5] + np.array([0.1, -0.1])
    _, variances = mean_gains(replace(zoo, gains={5: apart}), 5)
    # Half of 0.2^2 / 2, less what the tests say, is more.
    np.testing.assert_allclose(variances[1, 1], 5e-4 + (0.02 - 1e-3) / 2)


def test_partial_rank_correlations_are_those_of_the_residuals() -> None:
    rng = np.random.default_rng(0)
    given = rng.normal(size=50)
    x, y = (given + rng.normal(size=50) for _ in range(2))
    ranks = [np.argsort(np.argsort(each)).astype(float) for each in (x, y, given)]
    design = np.stack([np.ones(50), ranks[2]], axis=1)
    left = [each - design @ np.linalg.lstsq(design, each, rcond=None)[0] for each in ranks[:2]]
    plain, partial = rank_correlations(x, y, given)
    assert plain == pytest.approx(np.corrcoef(ranks[0], ranks[1])[0, 1])
    assert partial == pytest.approx(np.corrcoef(*left)[0, 1])
    assert partial < plain
    assert np.isnan(rank_correlations(given, y, given)[1])
    assert np.isnan(rank_correlations(np.ones(50), y, given)[0])


def test_a_property_that_decides_among_the_near_gets_a_weight(zoo) -> None:
    gains = zoo.gains[5].mean(axis=2)[1:]
    images = np.array([source.images for source in zoo.sources], dtype=float)
    better = gains + 0.002 * (images - images.mean())[:, None]
    columns = {
        name: np.array([getattr(source, name) for source in zoo.sources], dtype=float)
        for name in ("images", "accuracy")
    }
    named = {name: np.broadcast_to(c[:, None], gains.shape) for name, c in columns.items()}
    found = weighted_nearest(named, gains=better, far=zoo.far[1:], families=zoo.families)
    assert found["images"]["weight"] > 0
    assert found["images"]["more"][0] > 0
    assert found["accuracy"]["more"] == [0, 0, 0]


def test_checkpoints_are_compared_source_by_source(zoo, monkeypatch) -> None:
    early = {
        f"{number} early": {
            Quantity(f"gain 5 {draw}"): {name: "10:2" for name in NAMES if name != source.tasks}
            for draw in (0, 1)
        }
        for number, source in enumerate(zoo.sources)
        if source.early
    }
    monkeypatch.setattr("research.large_zoo.checkpoints.read_cells", lambda: early)
    found = compared(zoo, 5)
    assert found["relatives"]["early"] == found["others"]["early"] == [20, 20, 20]
    assert found["others"]["early - last"][0] == pytest.approx(30, abs=1)


def test_an_expert_of_several_tasks_is_related_to_all_that_one_of_them_is() -> None:
    found = related_tasks([["emoji_food", "hebrew_letters"], ["gnome_icons"]], NAMES, TASKS)
    assert found["task"].tolist() == [[False, True, True, False], [False, False, False, True]]
    assert found["family"].tolist() == [[True, True, True, False], [False, False, False, True]]
    assert found["superfamily"].tolist() == [[True] * 4, [False, False, True, True]]


def test_only_what_is_counted_is_correlated_and_a_target_of_few_sources_is_left_aside() -> None:
    rng = np.random.default_rng(0)
    gains, near = rng.normal(size=(2, 12, 3))
    counted = np.ones((12, 3), dtype=bool)
    counted[:5, 1] = False
    # Of the second target too few sources are left; of the third one is not known.
    gains[:, 1], gains[3, 2] = rng.permutation(12), np.nan
    found = by_target(
        {"gain": gains.copy(), "one": np.ones((12, 3))},
        gains=gains,
        near=near,
        counted=counted,
        families=["a", "b", "c"],
    )
    assert found["gain"] == {"plain": [1, 1, 1], "given nearness": [1, 1, 1]}
    assert found["one"] == {"plain": None, "given nearness": None}


def test_sources_are_alike_by_their_number_of_tasks_and_their_rate() -> None:
    one, several = source_row(0), replace(source_row(1), tasks="emoji_food+gnome_icons")
    sources = [one, several, replace(several, rate=3e-4), replace(one, source=9)]
    found = {name: rows.tolist() for name, rows in alike(sources).items()}
    assert found == {
        "sources of one task": [True, False, False, True],
        "sources of several tasks at 0.0003": [False, False, True, False],
        "sources of several tasks at 0.001": [False, True, False, False],
    }


def test_fine_tuned_cells_are_correlated_all_at_once_over_the_experts_that_count(zoo) -> None:
    """Of larger sources these gain more; the cells of an unknown expert are left aside."""
    sizes = {str(source.source): source.images for source in zoo.sources}
    tuned = [
        TunedRow(model, target, 5, 1000, 0, 0, 0, size, 0, 1.0)
        for number, (model, size) in enumerate(sizes.items())
        if (target := NAMES[(number + 1) % 4])
    ]
    cells = {
        model: {
            Quantity.FAR: {name: f"{0.1 + 0.01 * (7 * int(model) % 24)}" for name in NAMES},
            Quantity.NATS: {name: f"{100 + 5 * int(model) % 24}" for name in NAMES},
        }
        for model in sizes
    }
    stray = replace(tuned[0], model="999", won=0, lost=1000)
    found = tuned_correlations(zoo, [*tuned, stray], cells)
    assert found["cells"] == len(sizes)
    assert found["gain"][0] == pytest.approx(0.1 * np.mean(list(sizes.values())), abs=1e-3)
    assert found["images"]["plain"] == [1, 1, 1]
    assert found["images"]["given nearness"][0] == pytest.approx(1)
    assert found["nearness"]["given nearness"] is None
    assert abs(found["nearness, information"]["plain"][0]) < 1
    near = [-float(cells[cell.model][Quantity.FAR][cell.target]) for cell in tuned]
    gains = [cell.won / cell.tested for cell in tuned]
    complexity = np.array([source.complexity for source in zoo.sources])
    expected = rank_correlations(0.5 * complexity + near, np.array(gains), np.array(near))
    found = found["nearness, asymmetric by 0.5"]
    assert [found["plain"][0], found["given nearness"][0]] == pytest.approx(expected, abs=1e-3)
