"""What a budget's steps are expected to take, by a clock that the test moves."""

from factories import which_model
from small_store import cut

from task2vec.finetuning.settings import FineTuningSettings
from task2vec.messages.recommendations import StepKind
from task2vec.messages.settings import EmbeddingSettings
from task2vec.service.recommend import budget_run, cascade
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.subjects import resolve
from task2vec.service.workspace import Workspace

IMAGES = 24
COLD, WARM = 10.0, 1.0


def test_what_the_first_probe_loads_is_not_expected_of_the_next(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path / "store")
    source = cut("emoji_food", tmp_path / "emoji_food")
    subject = resolve(workspace, str(source), settings=EmbeddingSettings(images=IMAGES))
    now = 0.0

    def progress(_what: str, _spent: float, _all: float) -> None:
        # Told as each step begins; what it takes passes at once.
        nonlocal now
        now += WARM if now else COLD

    monkeypatch.setattr(budget_run, "perf_counter", lambda: now)
    monkeypatch.setattr(cascade, "SHORT", FineTuningSettings(epochs=1))
    # Half of it is for probes: two fit, were the third to take as long as the first it would not.
    answer = recommend(
        workspace, which_model(images=IMAGES, budget=40.0), subject, progress=progress
    )
    probed = [step for step in answer.steps if step.kind == StepKind.FORWARD_PASS]
    assert [step.seconds for step in probed] == [COLD, WARM, WARM]
    # Nor is a fine-tuning reckoned from it: it would not fit, and nothing would be tuned.
    assert any(step.kind == StepKind.FINE_TUNING for step in answer.steps)
