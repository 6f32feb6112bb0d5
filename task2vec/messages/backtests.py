"""Backtests: the recommender and simple rules, judged on outcomes that they did not know."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from task2vec.messages.base import Answer, Question
from task2vec.types.provenance import Space


class Folds(StrEnum):
    """What is left out of a ranker's knowledge with the task that it is asked about."""

    TASK = "task"
    FAMILY = "family"


class FamilyOrigin(StrEnum):
    """What says to which family a task belongs: a tag ``family:NAME``, or which tasks are near."""

    TAG = "tag"
    CLUSTER = "cluster"


class Verdict(StrEnum):
    """Whether the recommender is better than simple rules on tasks that it did not know."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


Ends = tuple[float, float]


class BacktestQuestion(Question):
    """Is the recommender worth using with the models of this store? It takes a job."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"folds": "family"}]})

    folds: Folds = Field(
        Folds.TASK,
        description="What is unknown with each task that is asked about: it alone, or its family.",
    )


class RankerEnds(Answer):
    """95 % bootstrap intervals over families of tasks, by the names of the measures."""

    weighted_kendall: Ends
    regret_at_1: Ends
    regret_at_3: Ends
    top_1: Ends
    gain: Ends
    headroom_captured: Ends | None


class AdvantageEnds(Answer):
    """95 % bootstrap intervals over families of tasks of paired differences."""

    weighted_kendall: Ends
    gain: Ends


class Advantage(Answer):
    """By how much ours is above another ranker, task by task."""

    weighted_kendall: float
    gain: float
    ci: AdvantageEnds


class RankerScore(Answer):
    """How one ranker did, in means over tasks; regrets and gains are fractions of accuracy."""

    name: str
    weighted_kendall: float = Field(description="Weighted tau of its scores and the gains.")
    regret_at_1: float = Field(description="What its first gains less than the best.")
    regret_at_3: float = Field(description="What the best of its first three gains less.")
    top_1: float = Field(description="The share of tasks on which its first is the best.")
    gain: float = Field(description="Of the model that it takes, over the default.")
    headroom_captured: float | None = Field(description="That gain over that of the best models.")
    ci: RankerEnds
    ours_minus: Advantage | None = Field(description="Null of ours itself.")


class Coverage(Answer):
    """The share of gains that intervals of a stated ``level`` held."""

    level: float
    observed: float
    ci: Ends


class AbstentionEnds(Answer):
    """95 % bootstrap intervals over families of tasks."""

    loss: Ends | None
    gain_otherwise: Ends | None


class Abstention(Answer):
    """How often ours took the default, and what it missed by that, in fractions of accuracy."""

    rate: float
    best_baseline: str | None = Field(description="Of the others, what gained most on those tasks.")
    loss: float | None = Field(description="What ours missed there against it.")
    gain_otherwise: float | None = Field(description="What ours gained on the other tasks.")
    ci: AbstentionEnds


class NoiseCeiling(Answer):
    """The weighted tau of gains with gains measured anew, from half of the evidence each."""

    weighted_kendall: float
    ci: Ends
    estimated: bool = Field(description="From the outcomes' variances, not from two halves.")


class Case(Answer):
    """What ours answered for one task, and what came of it."""

    task: str
    family: str
    family_from: FamilyOrigin
    offered: int
    chosen: str
    abstained: bool
    gain: float
    best_gain: float
    weighted_kendall: float


class Backtest(Answer):
    """What the recommender and simple rules are worth on the outcomes of a store."""

    rankers: tuple[RankerScore, ...]
    coverage: tuple[Coverage, ...]
    abstention: Abstention | None
    noise_ceiling: NoiseCeiling | None
    tasks: int = Field(description="How many tasks were asked about.")
    models: int = Field(description="How many models have outcomes, the default among them.")
    folds: Folds
    probe: str | None
    space: Space | None = Field(description="The space of the tasks: that of most outcomes.")
    verdict: Verdict
    sentence: str
    cases: tuple[Case, ...]
    shared_pairs: int = Field(
        0,
        description="How many pairs of tasks share images: what is hidden of one is hidden of the "
        "other, too.",
    )
    warnings: tuple[str, ...] = ()
