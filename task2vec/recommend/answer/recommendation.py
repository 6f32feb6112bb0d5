"""What a recommendation consists of."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from task2vec.recommend.answer.shared import EarlierExpert, SharedImages
from task2vec.recommend.measure.cascade import Step, Untried

if TYPE_CHECKING:
    # Explanations tell of evidence by its kinds.
    from task2vec.recommend.answer.explanation import Explanation


class EvidenceKind(StrEnum):
    """Where a piece of evidence comes from."""

    LINEAR_PROBE = "linear_probe"
    FINE_TUNING = "fine_tuning"
    SOURCE_TASK = "source_task"
    OUTCOME = "outcome"
    PUBLISHED = "published"
    NONE = "none"


@dataclass(frozen=True)
class Evidence:
    """One reason for a score: ``text`` for a person, the numbers behind it for a program.

    ``gain`` is over the plain default, in fractions of accuracy; ``distance`` is the symmetric
    distance of the task that the evidence is from, and ``agreement`` says how what both tasks ask
    of the features agrees, from -1 to 1 (`task2vec.distance.scatter`). An outcome names the
    ``model`` that it is of, and by how much it ``moved`` the score. ``images`` are those of the
    target that a linear probe or a short fine-tuning was tested on. A linear probe has the squared
    ``error`` of ridge regression beside the ``default_error``, and the ``combined_gain`` that right
    answers and errors together speak for (`task2vec.recommend.measure.paired`).
    """

    kind: EvidenceKind
    text: str
    task: str | None = None
    gain: float | None = None
    distance: float | None = None
    agreement: float | None = None
    model: str | None = None
    moved: float | None = None
    error: float | None = None
    default_error: float | None = None
    combined_gain: float | None = None
    images: int | None = None


@dataclass(frozen=True)
class Recommendation:
    """A starting model with its expected gain over the plain default; all are fractions.

    ``score`` is the gain of a linear probe on frozen features, which models are ranked by;
    ``gain_interval`` is its interval. ``predicted_accuracy`` is the accuracy of a linear probe,
    ``interval`` its interval. The four ``fine_tuned_...`` are the same of fine-tuning the whole
    network on the task's images, see `task2vec.recommend.prediction.fine_tuned_gain`. Accuracies
    are None where nothing says how well the default does on this task; ``accuracy_images`` are
    those of the target that they were measured on, None where they rest on recorded outcomes.
    """

    model: str
    ref: str
    score: float
    score_sd: float
    gain_interval: tuple[float, float]
    predicted_accuracy: float | None
    interval: tuple[float, float] | None
    fine_tuned_gain: float
    fine_tuned_interval: tuple[float, float]
    fine_tuned_accuracy: float | None
    fine_tuned_accuracy_interval: tuple[float, float] | None
    accuracy_images: int | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Baseline:
    """What a simpler rule would take: "always_default", "average_best" or "nearest_only".

    ``model`` is None, with the ``reason``, where the rule has nothing to go by.
    """

    rule: str
    model: str | None
    reason: str


@dataclass(frozen=True)
class Recommended:
    """A ranked answer, best first. ``chosen`` is the default where the answer is to abstain.

    ``level`` is the share of outcomes that intervals are to hold; ``calibrated`` says whether the
    outcomes of enough tasks vouch for it. ``probed`` is how many models were tried on the target's
    own images by linear probes. ``steps`` are those of a cascade, see
    `task2vec.recommend.measure.cascade`, ``untried`` what it had no time for, and ``budget_needed``
    the seconds that all of it takes. ``shared_images`` are of the known tasks that have images of
    the target, most of them first, and ``earlier_experts`` those of the target as it was with fewer
    images. ``stored_as`` is the stored task of the same images, where the target is not stored.
    ``images_missing`` says that the images of a stored task were to be measured on and are not at
    hand. ``explanation`` is there where it was asked for.
    """

    recommendations: tuple[Recommendation, ...]
    chosen: str
    abstained: bool
    reason: str
    level: float
    calibrated: bool
    baselines: tuple[Baseline, ...]
    evidence_summary: str
    probed: int = 0
    steps: tuple[Step, ...] = ()
    untried: tuple[Untried, ...] = ()
    budget_needed: float | None = None
    explanation: "Explanation | None" = None
    code: str = ""
    shared_images: tuple[SharedImages, ...] = ()
    earlier_experts: tuple[EarlierExpert, ...] = ()
    stored_as: str | None = None
    images_missing: bool = False
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary with the stable fields."""
        return asdict(self)
