"""Rules are replayed at their seconds by the product's code, from what was measured once."""

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from benchmarks.examples import folder
from research.development.tasks import DevelopmentTask
from research.final_evaluation.evaluation import STANDARD, answers, promises, wanted
from research.final_evaluation.images import Images, images_of
from research.final_evaluation.knowledge import Embedded, Knowledge
from research.final_evaluation.measurements import Measurements, probe_of
from research.final_evaluation.plan import Rule, Setting, Trial
from research.final_evaluation.replay import Clock, after_probes, within
from research.final_evaluation.rivals import SCORES, best_in_time
from research.final_evaluation.tables import Passed, ShortTuned, append, digits, path_of, read
from research.final_evaluation.training import Trained, tried
from research.recipes.plan import Recipe as Tried
from research.transfer.targets import Target
from research.transfer.zoo import DEFAULT, PLAIN, Starting
from task2vec.finetuning.prober import Prober
from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.recommendations import StepKind
from task2vec.probe.head import fit_head
from task2vec.recommendation.answer.belief import Judge
from task2vec.recommendation.answer.question import Question
from task2vec.types.tuning import Recipe

NAMES = ("near", "far", "other", "last")
TRIAL = Trial("sprites_facing", 5, 0, None)
RIGHT = {DEFAULT: 0.5, "near": 0.8, "far": 0.4, "other": 0.6, "last": 0.55}


@pytest.fixture(scope="module")
def images(tiny_probe, tmp_path_factory) -> Images:
    place = tmp_path_factory.mktemp("tasks") / "sprites_facing"
    copytree(folder("sprites_facing"), place)
    task = DevelopmentTask("sprites_facing", "sprites", place)
    found = images_of(TRIAL, task, Target(task, tiny_probe))
    assert found is not None
    return found


@pytest.fixture
def question() -> Question:
    rng = np.random.default_rng(0)
    tasks = {
        name: Embedded(name, np.exp(rng.normal(size=30) * i), 1e-6, 0.4, 5, 60, None, None)
        for i, name in enumerate(NAMES, start=1)
    }
    outcomes = [
        StoredOutcome(
            model=model,
            task=task,
            # They tell little, so that all models are worth a probe.
            accuracy=0.5 + 0.05 * rng.normal(),
            protocol="linear probe, 5 images a class",
            images=20,
        )
        for model in (*PLAIN, *NAMES)
        for task in NAMES
        if model != task
    ]
    families = {name: name for name in NAMES}
    known = Knowledge(tasks, families, families, outcomes, frozenset(NAMES))
    target = Embedded("target", np.exp(0.1 * rng.normal(size=30)), 1e-6, 0.4, 5, 25, None, None)
    return known.question(target, training=25, relative=None)


def measured(images: Images, tables: Path, *, seconds: float, tuning: float = 1e6) -> Measurements:
    """Return measurements that are all there: nothing can be loaded."""

    def nothing(name: str) -> Starting:
        raise AssertionError(f"{name} was measured already")

    passes, tunings = [], []
    for number, model in enumerate((*PLAIN, *NAMES)):
        rng = np.random.default_rng(number)
        right = digits(rng.permutation(25) < 25 * RIGHT.get(model, 0.5))
        passes.append(
            Passed(
                *TRIAL.key,
                model=model,
                correct=right,
                error=1 - RIGHT.get(model, 0.5),
                ridge=1 - RIGHT.get(model, 0.5),
                logme=RIGHT.get(model, 0.5) if model != "near" else float("nan"),
                images=25,
                load=0.0,
                read=0.2 * seconds,
                passed=0.5 * seconds,
                probing=0.3 * seconds,
                ridge_seconds=0.0,
                logme_seconds=0.5 * seconds,
            )
        )
        tunings.append(ShortTuned(*TRIAL.key, model, right[:8], Recipe.ALL_LAYERS.value, tuning))
    append(path_of("made", Passed, tables), passes)
    append(path_of("made", ShortTuned, tables), tunings)
    return Measurements(TRIAL, images, nothing, 0.0, tables, "made")


@pytest.mark.parametrize("probes", [1, 2, 4])
def test_so_many_models_are_probed_beside_the_default(question, images, tmp_path, probes) -> None:
    judge, found = Judge(question), measured(images, tmp_path, seconds=1e5)
    answer = after_probes(judge, found, probes=probes)
    steps = [step for step in answer.steps if step.kind != StepKind.DISTANCE]
    assert [step.kind for step in steps] == [StepKind.FORWARD_PASS] * (probes + 1)
    assert steps[0].model == DEFAULT
    # The answer is what the product says of these probes.
    probed = {step.model: probe_of(found.passed(step.model)) for step in steps}
    judged = judge.about(replace(question, measured=probed)).judge(probed=probed)
    assert answer.chosen == judged.offered[judged.leader].name
    assert answer.recipe is judged.recipe
    told = {each.model: each.score for each in answer.recommendations}
    for place, model in enumerate(judged.offered):
        assert told[model.name] == pytest.approx(float(judged.belief.mean[place]))


def test_a_probe_begins_only_if_it_ends_in_time(question, images, tmp_path) -> None:
    judge = Judge(question)
    found = measured(images, tmp_path, seconds=20.0)
    timed = within(judge, found, seconds=110.0, spent=3.0)
    probes = [step for step in timed.answer.steps if step.kind == StepKind.FORWARD_PASS]
    # No race fits in, so that all of the time is for probes of 20 seconds: 5 end within 110.
    assert len(probes) == 5
    assert all(step.seconds == pytest.approx(20.0, abs=2.0) for step in probes)
    assert 103 <= timed.seconds <= 110
    later = within(judge, found, seconds=110.0, spent=43.0)
    assert [s.kind for s in later.answer.steps].count(StepKind.FORWARD_PASS) == 3


def test_a_race_is_paid_and_counts(question, images, tmp_path) -> None:
    found = measured(images, tmp_path, seconds=0.01, tuning=5.0)
    timed = within(Judge(question), found, seconds=60.0)
    raced = [step for step in timed.answer.steps if step.kind == StepKind.FINE_TUNING]
    assert {step.model for step in raced} > {DEFAULT}
    assert timed.seconds >= 5.0 * len(raced)


def test_time_aside_does_not_pass() -> None:
    clock = Clock(thinking=True)
    with clock.aside():
        np.linalg.svd(np.random.default_rng(0).normal(size=(300, 300)))
    assert clock() < 0.05
    clock.pay(7.0)
    assert 7.0 <= clock() < 7.2
    assert Clock(thinking=False)() == 0


def test_scores_are_of_as_many_models_as_there_is_time_for(images, tmp_path) -> None:
    found = measured(images, tmp_path, seconds=10.0)
    order = [DEFAULT, "far", "last", "other", "near"]
    ridge = SCORES[Rule.RIDGE]
    # A pass takes 5 seconds, the images are read in 2, once.
    few = best_in_time(order, found, ridge, seconds=17.0)
    assert (few.model, few.passes, few.seconds) == ("last", 3, pytest.approx(17.0))
    every = best_in_time(order, found, ridge, seconds=1000.0)
    assert (every.model, every.passes) == ("near", 5)
    # LogME takes twice as long, and of the best it cannot be told.
    logme = best_in_time(order, found, SCORES[Rule.LOGME], seconds=1000.0)
    assert (logme.model, logme.seconds) == ("other", pytest.approx(52.0))
    assert best_in_time(order, found, ridge, seconds=0.0).model == DEFAULT


def test_every_rule_takes_a_model_that_is_offered(question, images, tmp_path) -> None:
    found = measured(images, tmp_path, seconds=1.0)
    everything = answers(TRIAL, Setting.FAMILY, question, found, embedding=4.0)
    assert {Rule(row.rule) for row in everything.taken} == set(Rule)
    offered = {model.name for model in question.offered()}
    rows = {Rule(row.rule): row for row in everything.taken}
    assert all(row.model in offered for row in rows.values())
    assert rows[Rule.DEFAULT].model == DEFAULT
    assert rows[Rule.RIDGE].model == "near"
    assert rows[Rule.EIGHT_PROBES].probes > rows[Rule.TWO_PROBES].probes == 3
    # Rivals train by the recipe of the product.
    recipes = {row.recipe for rule, row in rows.items() if not rule.ours}
    assert recipes == {rows[Rule.TIMED].recipe}
    pairs = wanted([(everything.taken, tuple(Rule))])
    assert pairs[0] == (DEFAULT, STANDARD)
    assert {(row.model, Recipe(row.recipe)) for row in everything.taken} <= set(pairs)
    assert {(DEFAULT, Recipe(row.recipe)) for row in everything.taken} <= set(pairs)
    few = wanted([(everything.taken, (Rule.DEFAULT,))])
    assert {model for model, _ in few} == {DEFAULT}
    # What is promised is what the answer says of what was trained, and of nothing else.
    said = everything.said[Rule.TIMED]
    made = {(said.chosen, said.recipe), ("far", Recipe.LAST_STAGE)}
    told = promises(TRIAL, Setting.FAMILY, Rule.TIMED, said, made)
    assert {(row.model, Recipe(row.recipe)) for row in told} == made
    (own,) = (row for row in told if row.taken)
    plan = next(r for r in said.recommendations if r.model == said.chosen).plan(said.recipe)
    assert (own.gain, own.gain_low, own.gain_high) == (plan.gain, *plan.gain_interval)
    assert (own.accuracy, own.accuracy_low, own.accuracy_high) == pytest.approx(
        (plan.accuracy, *plan.accuracy_interval)
    )


def test_a_pass_is_the_linear_probe_of_the_product_and_is_made_once(
    images, tiny_probe, tmp_path
) -> None:
    loaded: list[str] = []

    def load(name: str) -> Starting:
        loaded.append(name)
        return Starting(name, None, tiny_probe, None)

    found = Measurements(TRIAL, images, load, 0.1, tmp_path, "made")
    row = found.passed("tiny")
    expected = Prober(images.task, 300).measure(lambda: tiny_probe, None)
    np.testing.assert_array_equal(probe_of(row).correct, expected.found.correct)
    assert row.error == pytest.approx(expected.found.error)
    assert (row.images, row.load) == (len(images.draw.train), 0.1)
    again = Measurements(TRIAL, images, load, 0.1, tmp_path, "made").passed("tiny")
    assert again.correct == row.correct
    assert loaded == ["tiny"]


def test_what_is_trained_is_trained_once_and_tested_on_the_other_images(
    images, tiny_probe, tmp_path
) -> None:
    loaded: list[str] = []

    def load(name: str) -> Starting:
        loaded.append(name)
        return Starting(name, None, tiny_probe, None)

    trained = Trained(TRIAL, images, load, tmp_path / "cells.csv")
    probe = trained.cell("tiny", Recipe.LINEAR_PROBE)
    target, draw = images.target, images.draw
    features = tiny_probe.features(target.images, batch_size=16).numpy()
    head = fit_head(features[draw.train], target.labels[draw.train], classes=target.classes)
    logits = features[draw.test] @ head.weight.T + head.bias
    right = logits.argmax(axis=1) == target.labels[draw.test]
    assert np.mean(probe.correct == right) > 0.97
    assert probe.training == len(draw.train) == 25
    again = Trained(TRIAL, images, load, tmp_path / "cells.csv")
    again.train([("tiny", Recipe.LINEAR_PROBE)] * 2)
    assert loaded == ["tiny"]
    assert again.seconds == 0
    assert again.made() == {("tiny", Recipe.LINEAR_PROBE)}
    assert len(read_lines(tmp_path / "cells.csv")) == 2


def read_lines(table: Path) -> list[str]:
    return table.read_text(encoding="utf-8").splitlines()


def test_all_layers_are_trained_at_the_rate_of_finetune() -> None:
    assert tried(Recipe.ALL_LAYERS, 50) is Tried.GENTLE
    assert tried(Recipe.ALL_LAYERS, 300) is Tried.ALL
    assert tried(Recipe.LAST_STAGE, 300) is tried(Recipe.LAST_STAGE, 50) is Tried.STAGE


def test_rows_are_read_as_they_were_written(tmp_path) -> None:
    row = ShortTuned("a", "all", 3, "some model", "0110", Recipe.AUTO.value, 1.25)
    table = path_of("made", ShortTuned, tmp_path)
    append(table, [row])
    append(table, [replace(row, model="another")])
    assert read(table, ShortTuned) == [row, replace(row, model="another")]
    assert read(tmp_path / "none.csv", ShortTuned) == []
