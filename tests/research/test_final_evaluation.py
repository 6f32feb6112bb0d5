"""The final evaluation: who asks, what is known to him, and that no test image is."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from benchmarks.examples import folder
from research.development.tasks import DevelopmentTask
from research.final_evaluation.images import EVEN, images_of
from research.final_evaluation.knowledge import (
    Embedded,
    Knowledge,
    development_outcomes,
    expert_record,
)
from research.final_evaluation.plan import Setting, Trial, trials
from research.recipes.draws import MOST_TESTS
from research.recipes.outcomes import fine_tuned_outcomes
from research.recipes.plan import Recipe as Tried
from research.recipes.tables import RecipeCell
from research.transfer.targets import Target
from research.transfer.zoo import DEFAULT, PLAIN
from task2vec.embedding.embedder import Embedder
from task2vec.messages.outcomes import StoredOutcome
from task2vec.recommendation.answer.question import world_of
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.recommendation.evidence.recipes import images_of as images_in
from task2vec.recommendation.evidence.recipes import recipe_of
from task2vec.types.tuning import Recipe

FAMILIES = {"a": "letters", "b": "letters", "c": "digits", "d": "emoji", "e": "emoji", "f": "units"}
KINDS = {"letters": "glyphs", "digits": "glyphs", "emoji": "drawn", "units": "game"}
TASKS = {name: DevelopmentTask(name, family, Path(name)) for name, family in FAMILIES.items()}


def test_one_task_of_each_family_asks_first_and_then_a_second() -> None:
    plan = [*trials(TASKS, shots=(5, None))]
    assert Counter(trial.target for trial in plan) == dict.fromkeys(TASKS, 2)
    first, second = plan[:8], plan[8:]
    assert {FAMILIES[trial.target] for trial in first} == set(FAMILIES.values())
    assert {FAMILIES[trial.target] for trial in second} == {"letters", "emoji"}
    assert plan == [*trials(dict(reversed(TASKS.items())), shots=(5, None))]
    alone = {"c", "f"}
    for trial in plan:
        assert (trial.relative is None) == (trial.target in alone)
        if trial.relative is not None:
            assert trial.relative != trial.target
            assert FAMILIES[trial.relative] == FAMILIES[trial.target]


def test_who_asks_alone_has_the_same_relative_and_draw() -> None:
    whole = [trial for trial in trials(TASKS, draws=2) if trial.target in ("b", "d")]
    assert [*trials(TASKS, draws=2, only=frozenset({"b", "d"}))] == whole
    assert [trial.draw for trial in whole] == [0] * 4 + [1] * 4


def test_two_parts_are_the_whole_plan() -> None:
    whole = [*trials(TASKS, draws=2)]
    parts = [[*trials(TASKS, draws=2, part=(number, 2))] for number in (1, 2)]
    assert sorted(map(repr, whole)) == sorted(map(repr, [*parts[0], *parts[1]]))
    asked = [{(trial.target, trial.draw) for trial in part} for part in parts]
    assert not asked[0] & asked[1]
    assert abs(len(asked[0]) - len(asked[1])) <= 1


@pytest.fixture
def task(tmp_path: Path) -> DevelopmentTask:
    copytree(folder("sprites_facing"), tmp_path / "sprites_facing")
    return DevelopmentTask("sprites_facing", "sprites", tmp_path / "sprites_facing")


@pytest.mark.parametrize("shots", [5, None])
def test_an_embedding_is_made_of_training_images_alone(task, tiny_probe, shots) -> None:
    target = Target(task, tiny_probe)
    trial = Trial(task.name, shots, 0, None)
    images = images_of(trial, task, target)
    assert images is not None
    keys = {entry.key for entry in images.task.entries}
    assert keys == {target.keys[i] for i in images.draw.train}
    assert len(keys) == len(images.draw.train)
    names = {target.objects[i] for i in images.draw.train}
    assert not names & {target.objects[i] for i in images.draw.test}
    embedded = Embedder(tiny_probe).embed(images.task)
    # Whoever looks at another image stumbles over it.
    for path in task.folder.rglob("*.png"):
        if path.relative_to(task.folder).as_posix() not in keys:
            path.write_bytes(b"no image")
    again = Embedder(tiny_probe).embed(images_of(trial, task, target).task)
    np.testing.assert_array_equal(again.embedding.values, embedded.embedding.values)
    assert again.warnings == embedded.warnings
    if shots is not None:
        assert np.bincount(target.labels[images.draw.train]).tolist() == [5] * target.classes


def test_another_draw_is_of_other_images(task, tiny_probe) -> None:
    target = Target(task, tiny_probe)
    first, second = (images_of(Trial(task.name, 5, d, None), task, target) for d in (0, 1))
    assert first.draw.train.tolist() != second.draw.train.tolist()
    assert images_of(Trial(task.name, 10_000, 0, None), task, target) is None


def test_few_images_are_tested_on_about_as_many_of_each_class(task, tiny_probe) -> None:
    # One class has a fifth of its images only.
    first = sorted(path for path in task.folder.iterdir() if path.is_dir())[0]
    of_class = sorted(first.glob("*.png"))
    for path in of_class[len(of_class) // 5 :]:
        path.unlink()
    target = Target(task, tiny_probe)
    few, every = (images_of(Trial(task.name, n, 0, None), task, target) for n in (2, None))
    counts = np.bincount(target.labels[few.draw.test], minlength=target.classes)
    assert 0 < counts.min() <= counts.max() <= EVEN * counts.min()
    frequent = np.bincount(target.labels[every.draw.test], minlength=target.classes)
    assert frequent.max() > EVEN * frequent.min()
    assert len(every.draw.test) <= MOST_TESTS
    again = images_of(Trial(task.name, 2, 0, None), task, target)
    assert again.draw.test.tolist() == few.draw.test.tolist()


def embedded(name: str, *, near: float) -> Embedded:
    return Embedded(name, np.array([1.0, 1.0 + near, 2.0]), 1e-6, 0.3, 4, 60, None, None)


@pytest.fixture
def knowledge() -> Knowledge:
    tasks = {name: embedded(name, near=i) for i, name in enumerate(TASKS)}
    outcomes = [
        StoredOutcome(
            model=model,
            task=task,
            accuracy=0.5 if model == DEFAULT else 0.6,
            protocol="linear probe, 5 images a class",
            images=100,
        )
        for model in (*PLAIN, *TASKS)
        for task in TASKS
        if model != task
    ]
    kinds = {name: KINDS[family] for name, family in FAMILIES.items()}
    return Knowledge(tasks, FAMILIES, kinds, outcomes, frozenset(TASKS))


@pytest.mark.parametrize(
    ("setting", "known"),
    [
        (Setting.RELATIVE, {"c", "d", "e", "f"}),
        (Setting.FAMILY, {"c", "d", "e", "f"}),
        (Setting.SUPERFAMILY, {"d", "e", "f"}),
    ],
)
def test_what_comes_from_an_unknown_task_is_unknown(knowledge, setting, known) -> None:
    of = knowledge.known_to(family="letters", superfamily="glyphs", setting=setting)
    assert set(of.tasks) == known
    relative = (embedded("b", near=0.1), expert_record("b", name="expert of b"))
    question = of.question(
        embedded("target", near=0.2),
        training=45,
        relative=relative if setting is Setting.RELATIVE else None,
    )
    wanted = known | ({"b"} if setting is Setting.RELATIVE else set())
    assert set(question.tasks) == wanted
    experts = {model.name for model in question.offered() if model.task is not None}
    assert experts == known | ({"expert of b"} if setting is Setting.RELATIVE else set())
    assert question.gains.tasks == known
    for name in set(TASKS) - known:
        assert not any(question.gains.of(name, task) for task in TASKS)
    assert question.training == 45
    # The relative of the target is nearest to it.
    if setting is Setting.RELATIVE:
        assert min(question.tasks.values(), key=lambda task: task.symmetric).name == "b"
    assert world_of(question).gains.shape == (len(PLAIN) + len(wanted), len(wanted) + 1)


def test_an_expert_that_is_not_there_is_known_and_not_offered(knowledge) -> None:
    some = Knowledge(
        knowledge.tasks, FAMILIES, knowledge.superfamilies, knowledge.outcomes, frozenset({"d"})
    )
    of = some.known_to(family="digits", superfamily="glyphs", setting=Setting.FAMILY)
    question = of.question(embedded("target", near=0.2), training=45, relative=None)
    assert {model.name for model in question.offered()} == {*PLAIN, "d"}
    assert {model.name for model in question.known_models()} == {
        *PLAIN[1:],
        "a",
        "b",
        "d",
        "e",
        "f",
    }


def cell(model: str, tried: Tried, right: float, *, training: int = 50) -> RecipeCell:
    correct = np.arange(20) < 20 * right
    return RecipeCell("a", 10, 0, 0, model, tried, training, 5, correct, (), 1.0)


def test_fine_tuned_cells_are_outcomes_of_their_recipe_over_the_default() -> None:
    cells = [
        cell(model, tried, right)
        for tried, gain in ((Tried.PROBE, 0.2), (Tried.STAGE, 0.1), (Tried.GENTLE, 0.05))
        for model, right in ((DEFAULT, 0.5), ("d", 0.5 + gain))
    ]
    # A rate that the product does not take with so few images.
    cells += [cell(DEFAULT, Tried.ALL, 0.5), cell("d", Tried.ALL, 0.9)]
    outcomes = [*fine_tuned_outcomes(cells)]
    recipes = (Recipe.LINEAR_PROBE, Recipe.LAST_STAGE, Recipe.ALL_LAYERS)
    assert Counter(recipe_of(each.protocol) for each in outcomes) == dict.fromkeys(recipes, 2)
    assert {images_in(each.protocol) for each in outcomes} == {50}
    table = GainTable(outcomes, DEFAULT)
    for recipe, gain in zip(recipes, (0.2, 0.1, 0.05), strict=True):
        found = table.by_recipe("d", "a", recipe)
        assert found is not None
        assert found[0] == pytest.approx(gain)


def test_accuracies_are_foretold_from_probes_of_about_as_many_images(knowledge: Knowledge) -> None:
    every = replace(knowledge, outcomes=development_outcomes())
    target = embedded("target", near=0.2)
    few = every.question(target, training=5 * target.classes, relative=None).gains
    many = every.question(target, training=100 * target.classes, relative=None).gains
    assert few.protocol == "linear probe, 5 images a class"
    assert many.protocol == "linear probe, two thirds of the images"
    tasks = {outcome.task for outcome in every.outcomes}
    assert np.mean([many.base(task) - few.base(task) for task in tasks]) > 0.1
