"""The cascade on small random networks: what is measured, within which time, and what counts."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from factories import make_model, replace
from small_network import reference_of
from small_store import cut

from task2vec.data.open import open_source
from task2vec.data.task import Task
from task2vec.errors import WeightsError
from task2vec.finetuning.prober import Prober
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.messages.models import Model
from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.recommendations import Recommended, StepKind
from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.answer.question import KnownTask, Question
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.service.recommend import budget_run, cascade
from task2vec.service.recommend.cascade import recommend_within
from task2vec.service.recommend.probing import Progress, found_in, known_measurements
from task2vec.service.workspace import Workspace

#: Seconds that everything measured takes, as far as the clock of a test knows.
STEP = 1000.0
IMAGES = 24
Ask = Callable[..., Recommended]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("small")


@pytest.fixture(scope="module")
def task(folder: Path) -> Task:
    return open_source(cut("emoji_food", folder / "emoji_food"))


@pytest.fixture(scope="module")
def weights(folder: Path) -> str:
    return reference_of(folder)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascade, "SHORT", FineTuningSettings(epochs=1))


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path / "store") as found:
        yield found


def blind(weights: str, folder: Path) -> str:
    """Return a network whose features are the same for all images."""
    import torch
    from safetensors.torch import load_file, save_file

    path, mark, query = weights.removeprefix("file:").partition("?")
    state = {name: torch.zeros_like(value) for name, value in load_file(path).items()}
    save_file(state, folder / "blind.safetensors")
    return f"file:{folder / 'blind.safetensors'}{mark}{query}"


def model(name: str, ref: str, *, of: str | None = None) -> Model:
    return make_model(name, id=f"mdl-{name}", ref=ref, architecture="test_resnet", task=of)


def question(models: list[Model], **known: float) -> Question:
    """Ask about a target that is so far from the ``known`` tasks."""
    tasks = {name: KnownTask(name, far, far) for name, far in known.items()}
    between = np.full((len(tasks),) * 2, 0.5)
    np.fill_diagonal(between, 0)
    return Question(
        models, models[0].id, tasks, between, GainTable([], models[0].id), images=8, k=1
    )


def measured(answer: Recommended, kind: StepKind) -> list[str | None]:
    return [step.model for step in answer.steps if step.kind == kind]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Progress:
    """Let each measurement take `STEP` seconds and what it takes: to be called when one begins."""
    late = 0.0

    def begin(*_: object) -> None:
        nonlocal late
        late += STEP

    monkeypatch.setattr(budget_run, "perf_counter", lambda: perf_counter() + late)
    return begin


@pytest.fixture
def ask(workspace: Workspace, task: Task) -> Callable[..., Recommended]:
    """Recommend among models, or as a question has it, within a budget."""

    def ask(
        asked: list[Model] | Question,
        budget: float,
        progress: Progress | None = None,
        *,
        task: Task = task,
    ) -> Recommended:
        about = question(asked) if isinstance(asked, list) else asked
        prober = Prober(task, IMAGES)
        return recommend_within(workspace, about, prober, budget=budget, progress=progress)

    return ask


@pytest.fixture(scope="module")
def two(weights: str, folder: Path) -> list[Model]:
    """A default that sees nothing, and a rival that does."""
    return [model("blind", blind(weights, folder)), model("seeing", weights)]


def test_experts_of_any_task_are_measured(ask: Ask, weights: str, slow: Progress) -> None:
    experts = [model(f"{of} expert", weights, of=of) for of in ("near", "far")]
    asked = question([model("plain", weights), *experts], near=0.1, far=0.3)
    # Without a measurement, only the k that promise most are shown.
    assert {each.model for each in rank(asked).recommendations} == {"near expert", "plain"}
    answer = ask(asked, 10 * STEP, slow)
    assert set(measured(answer, StepKind.FORWARD_PASS)) == {"plain", "near expert", "far expert"}
    assert "far expert" in {each.model for each in answer.recommendations}


@pytest.mark.parametrize(("budget", "probes"), [(7 * STEP, 3), (9 * STEP, 4)])
def test_a_probe_that_would_end_past_half_of_the_budget_does_not_begin(
    ask: Ask, weights: str, slow: Progress, budget: float, probes: int
) -> None:
    models = [model(f"model {i}", weights) for i in range(6)]
    answer = ask(models, budget, slow)
    # Half of a step is left of the half that probes may take.
    probed = measured(answer, StepKind.FORWARD_PASS)
    assert len(probed) == probes
    untried = [each for each in answer.untried if each.kind == StepKind.FORWARD_PASS]
    assert {each.model for each in untried} == {each.name for each in models} - {*probed}
    assert [each.seconds for each in untried] == pytest.approx([STEP] * len(untried), rel=0.1)


def test_what_the_first_probe_loads_is_not_expected_of_the_next(
    ask: Ask, two: list[Model], weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0

    def begin(*_: object) -> None:
        nonlocal now
        now += STEP if now else 10 * STEP

    monkeypatch.setattr(budget_run, "perf_counter", lambda: now)
    models = [*two, model("more", weights)]
    # Half of it is for probes: two fit, were the third to take as long as the first it would not.
    answer = ask(models, 40 * STEP, begin)
    probed = [step for step in answer.steps if step.kind == StepKind.FORWARD_PASS]
    assert [step.seconds for step in probed] == [10 * STEP, STEP, STEP]
    # Nor is a fine-tuning reckoned from it: it would not fit, and nothing would be tuned.
    assert measured(answer, StepKind.FINE_TUNING)


def test_the_budget_that_is_said_to_be_enough_is_enough(
    ask: Ask, weights: str, two: list[Model], slow: Progress
) -> None:
    models = [*two, *(model(f"more {i}", weights) for i in range(4))]
    short = ask(models, 4.5 * STEP, slow)
    assert {each.kind for each in short.untried} == {StepKind.FORWARD_PASS, StepKind.FINE_TUNING}
    assert short.budget_needed is not None
    assert short.budget_needed < 30 * STEP
    enough = ask(models, short.budget_needed, slow)
    assert (enough.untried, enough.budget_needed) == ((), None)
    assert len(measured(enough, StepKind.FINE_TUNING)) >= 2


def test_the_answer_rests_on_the_fine_tunings_too(ask: Ask, two: list[Model]) -> None:
    answer = ask(two, 600)
    assert measured(answer, StepKind.FINE_TUNING) == ["blind", "seeing"]
    last = answer.steps[-1]
    assert (last.leader, answer.chosen) == ("seeing", "seeing")
    best = answer.recommendations[0]
    assert best.score == pytest.approx(last.expected)
    # The race changed the belief.
    assert best.score != pytest.approx(answer.steps[2].expected)


def registered(record: Model) -> Model:
    """Return a model with the digest of its file, as registering it states."""
    path = record.ref.removeprefix("file:").partition("?")[0]
    return replace(record, sha256=sha256(Path(path).read_bytes()).hexdigest())


def test_what_was_fine_tuned_before_is_known_and_counts_where_the_images_are_gone(
    workspace: Workspace, task: Task, two: list[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = question(list(map(registered, two)))

    def prober(at_hand: Task | None) -> Prober:
        return Prober(at_hand, IMAGES, files=task.signature)

    first = recommend_within(workspace, asked, prober(task), budget=600)
    assert not any(step.cached for step in first.steps)
    monkeypatch.setattr(budget_run.BudgetRun, "load", None)
    again = recommend_within(workspace, asked, prober(task), budget=600)
    assert measured(again, StepKind.FINE_TUNING) == ["blind", "seeing"]
    assert all(step.cached for step in again.steps if step.kind != StepKind.DISTANCE)
    gone = prober(None)
    known = replace(
        asked,
        measured=found_in(known_measurements(gone, asked)),
        tuned=found_in(known_measurements(gone, asked, cascade.SHORT)),
    )
    for answer in (again, rank(known)):
        assert answer.recommendations == first.recommendations
        assert (answer.chosen, answer.reason) == (first.chosen, first.reason)
    # Another length of training is another measurement.
    assert not known_measurements(gone, asked, FineTuningSettings(epochs=2))


@pytest.mark.parametrize(("budget", "tuned"), [(3.5 * STEP, 0), (4.5 * STEP, 2)])
def test_the_default_is_not_fine_tuned_where_no_rival_can_be(
    ask: Ask, two: list[Model], slow: Progress, budget: float, tuned: int
) -> None:
    answer = ask(two, budget, slow)
    # Two probes took two steps; what is left is for one fine-tuning, or for two.
    assert len(measured(answer, StepKind.FINE_TUNING)) == tuned
    left = [each.model for each in answer.untried if each.kind == StepKind.FINE_TUNING]
    assert left == ([] if tuned else ["blind", "seeing"])


def test_a_source_that_is_all_test_is_answered_from_distances(
    ask: Ask, tmp_path: Path, weights: str
) -> None:
    task = open_source(cut("emoji_food", tmp_path / "whole" / "test").parent)
    assert task.splits == ("test",)
    answer = ask([model("plain", weights), model("last", weights)], 60, task=task)
    assert [step.kind for step in answer.steps] == [StepKind.DISTANCE]


def test_what_cannot_be_loaded_is_left_out_and_told(ask: Ask, weights: str) -> None:
    other = weights.replace("arch=test_resnet", "arch=test_vit")
    models = [model("plain", weights), model("hub", other), model("last", weights)]
    answer = ask(models, 0.01)
    # One rival is always probed: not the one that cannot be.
    assert measured(answer, StepKind.FORWARD_PASS) == ["plain", "last"]
    assert {each.model for each in answer.recommendations} == {"plain", "last"}
    late, told = answer.warnings
    assert late.startswith("not measured for lack of time")
    assert told.startswith("hub is left out: ")
    assert told.endswith("Remove it: `task2vec models remove hub`")


def altered(weights: str, folder: Path) -> Model:
    """Return an expert in whose file a bit has flipped since, which no header tells of."""
    path, mark, query = weights.removeprefix("file:").partition("?")
    data = bytearray(Path(path).read_bytes())
    digest = sha256(data).hexdigest()
    data[-1] ^= 1
    (folder / "altered.safetensors").write_bytes(data)
    record = model("altered", f"file:{folder / 'altered.safetensors'}{mark}{query}", of="near")
    return replace(record, sha256=digest)


DAMAGED = "left out, because its checkpoint is damaged: altered. Restore the file from a copy, or "


def test_what_was_altered_is_not_measured(ask: Ask, tmp_path: Path, weights: str) -> None:
    models = [model("plain", weights), altered(weights, tmp_path), model("last", weights)]
    asked = question(models, near=0.1)
    answer = ask(asked, 0.01)
    assert measured(answer, StepKind.FORWARD_PASS) == ["plain", "last"]
    assert {each.model for each in answer.recommendations} == {"plain", "last"}
    late, told = answer.warnings
    assert late.startswith("not measured for lack of time")
    assert told.startswith(DAMAGED)


def test_what_was_altered_is_not_chosen_unmeasured(ask: Ask, tmp_path: Path, weights: str) -> None:
    single = open_source(cut("emoji_food", tmp_path / "single", classes=3, images=1))
    experts = [altered(weights, tmp_path), model("good", weights, of="near")]
    asked = question([model("plain", weights), *experts], near=0.01)
    accuracies = {"plain": 0.5, "altered": 0.95, "good": 0.85}
    outcomes = [
        StoredOutcome(id=name, model=f"mdl-{name}", task="near", accuracy=accuracy, protocol="p")
        for name, accuracy in accuracies.items()
    ]
    asked = replace(asked, gains=GainTable(outcomes, "mdl-plain"))
    answer = ask(asked, 60, task=single)
    # With one image of a class nothing can be measured, and so nothing was loaded.
    assert [step.kind for step in answer.steps] == [StepKind.DISTANCE]
    assert answer.steps[0].leader == "altered"
    assert answer.chosen == "good"
    assert {each.model for each in answer.recommendations} == {"plain", "good"}
    (told,) = answer.warnings
    assert told.startswith(DAMAGED)


def test_a_default_that_cannot_be_loaded_ends_it(ask: Ask, folder: Path, weights: str) -> None:
    _, mark, query = weights.partition("?")
    gone = model("plain", f"file:{folder / 'gone.safetensors'}{mark}{query}")
    with pytest.raises(WeightsError, match="gone"):
        ask([gone, model("last", weights)], 9)
