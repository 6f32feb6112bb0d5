"""What measurements of before took: it counts where nothing was timed now, on the same machine."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from factories import make_model, replace
from small_network import reference_of
from small_store import cut

from task2vec.data.open import open_source
from task2vec.data.task import Task
from task2vec.finetuning.probe_cache import Pace, ProbeCache
from task2vec.finetuning.prober import Prober, model_digest
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.messages.models import Model
from task2vec.messages.recommendations import Recommended, StepKind
from task2vec.recommendation.answer.question import Question, TimeLimit
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.service.recommend import budget_run, cascade
from task2vec.service.recommend.cascade import recommend_within
from task2vec.service.recommend.probing import overrun
from task2vec.service.workspace import Workspace

IMAGES = 24
#: Seconds that no test takes.
BUDGET = 1000.0
SLOW = 10 * BUDGET


def model(folder: Path, seed: int) -> Model:
    """Return a small random network, with the digest of its file."""
    folder.mkdir()
    ref = reference_of(folder, seed=seed)
    path = Path(ref.removeprefix("file:").partition("?")[0])
    digest = sha256(path.read_bytes()).hexdigest()
    name = f"model {seed}"
    return make_model(name, id=f"mdl-{seed}", ref=ref, architecture="test_resnet", sha256=digest)


@pytest.fixture
def models(tmp_path: Path) -> list[Model]:
    return [model(tmp_path / f"model {seed}", seed) for seed in range(3)]


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return open_source(cut("emoji_food", tmp_path / "emoji_food"))


@pytest.fixture
def ask(
    tmp_path: Path, task: Task, models: list[Model], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Recommended]:
    monkeypatch.setattr(cascade, "SHORT", FineTuningSettings(epochs=1))
    table = GainTable([], models[0].id)
    question = Question(models, models[0].id, {}, np.zeros((0, 0)), table, images=8, k=1)

    def answer() -> Recommended:
        with Workspace(tmp_path / "store") as workspace:
            prober = Prober(task, IMAGES, ProbeCache(tmp_path / "cache"))
            return recommend_within(workspace, question, prober, budget=BUDGET)

    return answer


def measured(answer: Recommended, kind: StepKind) -> list[str | None]:
    return [step.model for step in answer.steps if step.kind == kind and not step.cached]


def slow_down(tmp_path: Path, task: Task, models: list[Model], **about: str) -> None:
    """Let the linear probes of models have taken long."""
    prober = Prober(task, IMAGES, ProbeCache(tmp_path / "cache"))
    for each in models:
        digest = model_digest(each.ref, each.sha256)
        known = prober.known(digest)
        assert known is not None
        pace = Pace(SLOW, SLOW, IMAGES)
        prober.keep(digest, replace(known, seconds=2 * SLOW, pace=pace, **about))


def test_probes_of_a_slow_machine_do_not_decide_what_fits(
    tmp_path: Path, task: Task, models: list[Model], ask: Callable[[], Recommended]
) -> None:
    ask()
    slow_down(tmp_path, task, models, machine="another one")
    answer = ask()
    assert measured(answer, StepKind.FORWARD_PASS) == []
    # The default was timed on a few images, and all fits.
    assert len(measured(answer, StepKind.FINE_TUNING)) > 1
    assert answer.budget_needed is None


def test_probes_of_a_busy_day_count_until_one_is_timed(
    tmp_path: Path,
    task: Task,
    models: list[Model],
    ask: Callable[[], Recommended],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask()
    slow_down(tmp_path, task, models)
    with monkeypatch.context() as patch:
        # Nothing is timed, nor a model loaded.
        patch.setattr(budget_run.BudgetRun, "load", None)
        answer = ask()
    assert measured(answer, StepKind.FINE_TUNING) == []
    assert answer.budget_needed is not None
    assert answer.budget_needed > SLOW
    # One is forgotten, and timed anew: it alone tells.
    prober = Prober(task, IMAGES, ProbeCache(tmp_path / "cache"))
    key = prober._key(model_digest(models[0].ref, models[0].sha256), None)
    (tmp_path / "cache" / f"{key}.json").unlink()
    answer = ask()
    assert measured(answer, StepKind.FORWARD_PASS) == ["model 0"]
    assert len(measured(answer, StepKind.FINE_TUNING)) > 1
    assert answer.budget_needed is None


@pytest.mark.parametrize(
    ("spent", "budget", "limit", "said"),
    [
        (19.9, 20.0, None, None),
        # What reads as 20 s is within 20 s.
        (20.4, 20.0, None, None),
        (20.6, 20.0, None, "measuring took 21 s, more than the budget of 20 s"),
        (0.54, 0.5, None, "measuring took 0.54 s, more than the budget of 0.5 s"),
        (
            *(38.7, 15.0, TimeLimit(60.0, 21.3)),
            "measuring took 39 s, more than the 15 s of your 60 s that are for measuring",
        ),
    ],
)
def test_measuring_that_took_visibly_longer_is_said(
    spent: float, budget: float, limit: TimeLimit | None, said: str | None
) -> None:
    assert [each.partition(":")[0] for each in overrun(spent, budget, limit=limit)] == (
        [] if said is None else [said]
    )
