"""Recommendations: ranked starting models, with the evidence."""

from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from task2vec.messages.base import Answer
from task2vec.messages.explanations import Explanation
from task2vec.types.tuning import Recipe


class EvidenceKind(StrEnum):
    """Where a piece of evidence comes from."""

    LINEAR_PROBE = "linear_probe"
    FINE_TUNING = "fine_tuning"
    SOURCE_TASK = "source_task"
    OUTCOME = "outcome"
    PUBLISHED = "published"
    NONE = "none"


class Evidence(Answer):
    """One reason for a score: a sentence, and the numbers behind it."""

    kind: str
    text: str
    task: str | None = None
    gain: float | None = None
    distance: float | None = None
    agreement: float | None = Field(
        None,
        description="Of a source task: how what it asks of the features agrees with what this one "
        "asks, from -1 (what one tells apart the other ignores) to 1; null where it is not known.",
    )
    model: str | None = Field(None, description="Of an outcome: the model that it is of.")
    moved: float | None = Field(None, description="Of an outcome: by how much it moved the score.")
    error: float | None = Field(
        None, description="Of a linear probe: the squared error of ridge regression."
    )
    default_error: float | None = Field(
        None, description="Of a linear probe: that of the default on the same images."
    )
    combined_gain: float | None = Field(
        None,
        description="Of a linear probe: the gain that right answers and errors together speak "
        "for, which is what the score rests on.",
    )
    images: int | None = Field(
        None,
        description="Of a linear probe or a short fine-tuning: how many of the task's images it "
        "was tested on.",
    )


class RecipePlan(Answer):
    """What training a starting model by one recipe is expected to give; all are fractions."""

    recipe: Recipe
    accuracy: float | None = Field(
        description="Expected accuracy on new images: the default's plus `gain`, or the mean of "
        "what is possible where that reaches beyond 0 or 1. Null where nothing says how well the "
        "default does on this task."
    )
    accuracy_interval: tuple[float, float] | None = Field(
        description="Interval of `accuracy`, at `level`."
    )
    gain: float = Field(
        description="Expected gain over the default, trained by the same recipe. The more images, "
        "the smaller it is beside `score`."
    )
    gain_interval: tuple[float, float] = Field(
        description="Interval of the gain of one training on new images, at `level`. A test on few "
        "images differs from that by its own noise."
    )
    seconds: float | None = Field(
        None,
        description="Seconds that fine-tuning takes at most on the machine that measured the "
        "models; null where nothing was timed. An early stop makes it less.",
    )


#: What earlier versions knew of a plan, in the order of their fields.
_EARLIER_PLAN = ("recipe", "accuracy", "accuracy_interval", "gain", "gain_interval")


class Recommendation(Answer):
    """A starting model, and what each recipe is expected to make of it."""

    model: str
    ref: str
    score: float = Field(
        description="Expected gain over the default of a linear probe, a classifier on frozen "
        "features, as a fraction. Models are ranked by it."
    )
    score_sd: float = Field(description="Standard deviation of `score`.")
    plans: tuple[RecipePlan, ...] = Field(description="One for each recipe, the cheapest first.")
    accuracy_images: int | None = Field(
        None,
        description="How many of the task's images the accuracies rest on, by the default's linear "
        "probe; null where they rest on recorded outcomes, or there are none.",
    )
    accuracy_known_by: str | None = Field(
        None,
        description="What the default's accuracy is known by, which the accuracies rest on: "
        "`outcomes` recorded on the task, which come before all else, a `linear_probe` on the "
        "task's images, or outcomes on `other_tasks`; null where nothing tells it.",
    )
    evidence: tuple[Evidence, ...]

    @model_validator(mode="before")
    @classmethod
    def _of_earlier(cls, data: Any) -> Any:
        # Earlier versions, whose answers are kept with their jobs, knew two recipes.
        if not isinstance(data, dict) or "plans" in data or "fine_tuned_gain" not in data:
            return data
        probe = ("predicted_accuracy", "interval", "score", "gain_interval")
        tuned = (
            *("fine_tuned_accuracy", "fine_tuned_accuracy_interval"),
            *("fine_tuned_gain", "fine_tuned_interval"),
        )
        plans = [
            dict(zip(_EARLIER_PLAN, (recipe, *map(data.get, names)), strict=True))
            for recipe, names in ((Recipe.LINEAR_PROBE, probe), (Recipe.ALL_LAYERS, tuned))
        ]
        return {**data, "plans": plans}

    def plan(self, recipe: Recipe) -> RecipePlan:
        """Return what a recipe is expected to give."""
        return next(plan for plan in self.plans if plan.recipe is recipe)


class StepKind(StrEnum):
    """How a step measured, the cheapest first."""

    DISTANCE = "distance"
    FORWARD_PASS = "forward_pass"
    FINE_TUNING = "fine_tuning"


class Step(Answer):
    """What one step of measuring within a budget took, and the answer after it."""

    kind: str
    model: str | None
    gain: float | None
    seconds: float
    leader: str
    expected: float
    cached: bool = Field(False, description="Whether an earlier answer had measured it.")


class Untried(Answer):
    """A model that was worth a step of a kind, for which no time was left in the budget."""

    kind: str
    model: str
    seconds: float = Field(description="What the step was expected to take.")


class Baseline(Answer):
    """What a simpler rule would take."""

    rule: str
    model: str | None
    reason: str


class SharedImages(Answer):
    """A known task that contains images of this one, exactly or nearly."""

    task: str
    images: int = Field(description="How many images of this task it has.")
    of: int = Field(description="How many images of this task were looked for.")
    share: float = Field(description="The former divided by the latter.")
    exact: int = Field(description="How many of them are the same pixel by pixel.")
    same_source: bool = Field(
        description="Embedded from the same files, or the same images with the same labels."
    )
    excluded: bool = Field(
        description="Whether its experts and its outcomes were therefore not used. If they were, "
        "what its experts gain on the images of this task is discounted."
    )


class EarlierExpert(Answer):
    """An expert of the same data set with fewer images: not ranked, since it has seen some."""

    model: str
    task: str = Field(description="The stored task that it is an expert of.")
    images: int = Field(description="How many images that task was embedded from.")
    now: int = Field(description="How many this one was embedded from.")


class Recommended(Answer):
    """A ranked answer; ``chosen`` is the default where the answer is to abstain."""

    task: str
    recommendations: tuple[Recommendation, ...]
    chosen: str
    recipe: Recipe = Field(
        Recipe.ALL_LAYERS, description="By which recipe to train the chosen model."
    )
    abstained: bool
    reason: str
    time_reason: str | None = Field(
        None,
        description="Which recipes and models do not fit into `time`; null where all do, or no "
        "time was named.",
    )
    level: float = Field(description="The share of outcomes that the intervals are to hold.")
    calibrated: bool = Field(description="Whether the outcomes of enough tasks vouch for that.")
    baselines: tuple[Baseline, ...]
    evidence_summary: str
    probed: int = Field(
        0, description="How many models were tried on the task's own images by linear probes."
    )
    code: str = Field(description="Lines of Python that load the chosen model.")
    steps: tuple[Step, ...] = Field((), description="What was measured within a budget.")
    untried: tuple[Untried, ...] = Field(
        (), description="What was not measured for lack of time, what promised most first."
    )
    budget_needed: float | None = Field(
        None,
        description="The `budget` in seconds that measures all of `untried`, estimated from what "
        "was measured; null where nothing is untried.",
    )
    explanation: Explanation | None = Field(None, description="Where it was asked for.")
    shared_images: tuple[SharedImages, ...] = Field(
        (), description="Known tasks that have images of this one, most of them first."
    )
    earlier_experts: tuple[EarlierExpert, ...] = Field(
        (), description="Experts of this data set as it was with fewer images."
    )
    stored_as: str | None = Field(
        None,
        description="The stored task of the same images, where the images were embedded for this "
        "answer alone: ask about that task to have its experts and outcomes used.",
    )
    images_missing: bool = Field(
        False,
        description="Whether the images of a stored task were to be measured on and are not at "
        "hand: earlier measurements count, and fine-tuning on the task needs the images first.",
    )
    warnings: tuple[str, ...] = ()
