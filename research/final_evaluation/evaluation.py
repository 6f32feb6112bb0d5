"""One who asks, from his images to what each rule gets him."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import nan
from time import process_time

from research.final_evaluation.images import images_of
from research.final_evaluation.knowledge import Knowledge
from research.final_evaluation.measurements import Measurements
from research.final_evaluation.plan import PROBES, SECONDS, Rule, Setting, Trial, scope_of
from research.final_evaluation.replay import after_probes, within
from research.final_evaluation.rivals import choices
from research.final_evaluation.tables import Finished, Promised, Taken, append, path_of
from research.final_evaluation.training import Trained
from research.final_evaluation.zoo import Zoo
from research.recipes.tables import RecipeCell
from research.transfer.targets import Target
from research.transfer.zoo import DEFAULT
from task2vec.messages.recommendations import RecipePlan, Recommended, StepKind
from task2vec.recommendation.answer.answer import answer_of
from task2vec.recommendation.answer.belief import Judge
from task2vec.recommendation.answer.question import Question
from task2vec.types.tuning import Recipe

#: The recipe that people train by who ask nobody.
STANDARD = Recipe.ALL_LAYERS


@dataclass(frozen=True, eq=False)
class Answers:
    """What all rules took in a setting, and what the product said, by its modes."""

    taken: tuple[Taken, ...]
    said: dict[Rule, Recommended]


class Evaluation:
    """Evaluates who asks, one after the other, and appends to the tables."""

    def __init__(self, zoo: Zoo, knowledge: Knowledge, superfamilies: dict[str, str]) -> None:
        """``superfamilies`` are those of the evaluated tasks, by family."""
        self._zoo, self._knowledge, self._superfamilies = zoo, knowledge, superfamilies

    def evaluate(self, trial: Trial, target: Target) -> Finished | None:
        """Evaluate and return the sum of it; None where there are too few images."""
        zoo, task = self._zoo, self._zoo.evaluated[trial.target]
        images = images_of(trial, task, target)
        if images is None:
            return None
        name = ", ".join(map(str, trial.key))
        embedded = zoo.embedded(images.task, name)
        embedding = zoo.embedding_seconds(name)
        assert embedding is not None, "they are noted when it is computed"
        measurements = Measurements(trial, images, zoo.load, zoo.loading, zoo.tables, zoo.kind)
        scope = scope_of(trial.shots)
        family, superfamily = task.family, self._superfamilies[task.family]
        every: dict[Setting, Answers] = {}
        judging = 0.0
        for setting in scope:
            relative = None
            if setting is Setting.RELATIVE:
                if trial.relative is None:
                    continue
                relative = zoo.relative(trial.relative)
            before = process_time() - sum(measurements.spent.values())
            known = self._knowledge.known_to(
                family=family, superfamily=superfamily, setting=setting
            )
            question = known.question(embedded, training=len(images.draw.train), relative=relative)
            every[setting] = answers(trial, setting, question, measurements, embedding=embedding)
            judging += process_time() - sum(measurements.spent.values()) - before
        trained = Trained(trial, images, zoo.load, path_of(zoo.kind, RecipeCell, zoo.tables))
        trained.train(wanted((found.taken, scope[setting]) for setting, found in every.items()))
        self._keep(trial, every, trained)
        row = Finished(
            *trial.key,
            family=family,
            superfamily=superfamily,
            relative=trial.relative or "",
            classes=target.classes,
            training=len(images.draw.train),
            tested=len(images.draw.test),
            embedding=embedding,
            judging=judging,
            passes=measurements.spent["passes"],
            tunings=measurements.spent["tunings"],
            trainings=trained.seconds,
        )
        append(path_of(zoo.kind, Finished, zoo.tables), [row])
        return row

    def _keep(self, trial: Trial, every: dict[Setting, Answers], trained: Trained) -> None:
        zoo = self._zoo
        made = trained.made()
        for setting, found in every.items():
            append(path_of(zoo.kind, Taken, zoo.tables), found.taken)
            for rule, said in found.said.items():
                rows = promises(trial, setting, rule, said, made)
                append(path_of(zoo.kind, Promised, zoo.tables), rows)


def answers(
    trial: Trial,
    setting: Setting,
    question: Question,
    measurements: Measurements,
    *,
    embedding: float,
) -> Answers:
    """Return what all rules take.

    ``embedding`` are the seconds that the product's embedding took: the rivals, which need none,
    have these seconds, too.
    """
    began = process_time()
    judge = Judge(question)
    fitting = process_time() - began
    said = {rule: after_probes(judge, measurements, probes=n) for rule, n in PROBES.items() if n}
    said[Rule.UNMEASURED] = unmeasured(judge)
    timed = within(judge, measurements, seconds=SECONDS, spent=fitting)
    said[Rule.TIMED] = timed.answer
    offered = len(question.offered())

    def row(
        rule: Rule, model: str, recipe: Recipe, *, seconds: float, probes: int, tunings: int = 0
    ) -> Taken:
        return Taken(
            *trial.key,
            setting=setting.value,
            rule=rule.value,
            model=model,
            recipe=recipe.value,
            seconds=seconds,
            offered=offered,
            probes=probes,
            tunings=tunings,
        )

    rows = []
    for rule, answer in said.items():
        kinds = [step.kind for step in answer.steps]
        probes = kinds.count(StepKind.FORWARD_PASS)
        tunings = kinds.count(StepKind.FINE_TUNING)
        seconds = embedding + (timed.seconds if rule is Rule.TIMED else nan)
        rows.append(
            row(
                rule,
                answer.chosen,
                answer.recipe,
                seconds=seconds,
                probes=probes,
                tunings=tunings,
            )
        )
    # All rivals train by the recipe that the product named: they have none of their own.
    recipe = timed.answer.recipe
    seed = zlib.crc32(repr((trial.key, setting.value)).encode())
    for rule, choice in choices(question, measurements, seconds=SECONDS + embedding, seed=seed):
        rows.append(row(rule, choice.model, recipe, seconds=choice.seconds, probes=choice.passes))
    return Answers(tuple(rows), said)


def unmeasured(judge: Judge) -> Recommended:
    """Return the answer with nothing measured."""
    return answer_of(judge, judge.judge(probed={}))


def wanted(
    every: Iterable[tuple[Sequence[Taken], tuple[Rule, ...]]],
) -> list[tuple[str, Recipe]]:
    """Return the (model, recipe) pairs to train, of what was taken and the rules in scope.

    The default is trained by each of these recipes, and by the standard one.
    """
    taken = [row for rows, rules in every for row in rows if Rule(row.rule) in rules]
    recipes = dict.fromkeys([STANDARD, *(Recipe(row.recipe) for row in taken)])
    pairs = [(DEFAULT, recipe) for recipe in recipes]
    return [*pairs, *((row.model, Recipe(row.recipe)) for row in taken)]


def promises(
    trial: Trial,
    setting: Setting,
    rule: Rule,
    said: Recommended,
    made: set[tuple[str, Recipe]],
) -> list[Promised]:
    """Return what an answer says of the models and recipes that were ``made``."""
    rows = []
    for each in said.recommendations:
        for plan in each.plans:
            if (each.model, plan.recipe) not in made:
                continue
            taken = each.model == said.chosen and plan.recipe is said.recipe
            rows.append(
                Promised(
                    *trial.key,
                    setting.value,
                    rule.value,
                    each.model,
                    plan.recipe.value,
                    int(taken),
                    *_numbers(plan),
                )
            )
    return rows


def _numbers(plan: RecipePlan) -> tuple[float, float, float, float, float, float]:
    accuracy = nan if plan.accuracy is None else plan.accuracy
    low, high = plan.accuracy_interval or (nan, nan)
    return (plan.gain, *plan.gain_interval, accuracy, low, high)
