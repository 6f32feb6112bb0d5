"""What a first short fine-tuning is expected to take, by the images that it trains and tests on."""

from pathlib import Path

import numpy as np
import pytest
from factories import make_model
from small_store import cut

from task2vec.data.open import open_source
from task2vec.finetuning.foreseen_work import passes
from task2vec.finetuning.probe_cache import Pace
from task2vec.finetuning.prober import Prober
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import hold_out
from task2vec.service.recommend.budget_run import BudgetRun
from task2vec.service.recommend.cascade import SHORT, _first_tuning
from task2vec.service.workspace import Workspace

PLAIN = make_model("plain", id="mdl-plain", ref="not loaded", architecture="none")


@pytest.mark.parametrize("splits", [("train", "test"), ("train", "val", "test"), ("train",)])
def test_it_counts_what_is_trained_and_tested_on(tmp_path: Path, splits: tuple[str, ...]) -> None:
    # Of each split other images, since copies would be left out.
    for number, split in enumerate(splits):
        cut(("emoji_food", "greek_capitals", "fashion_tops")[number], tmp_path / "t" / split)
        for place, each in enumerate(sorted((tmp_path / "t" / split).iterdir())):
            each.rename(each.with_name(f"class {place}"))
    task = open_source(tmp_path / "t")
    own = task.without("test")
    assert own is not None
    parts = hold_out(own, images=32, seed=SHORT.seed, transform=np.asarray)
    images = passes(
        parts.training.labels,
        validation=parts.validation.labels,
        test=len(parts.test.images),
        settings=SHORT,
    )
    with Workspace(tmp_path / "store") as workspace:
        run = BudgetRun(workspace, Prober(task, 32), 60.0, None)
        # The first, which loads libraries, does not count once there is another.
        run.paces |= {"first": Pace(90.0, 90.0, 32), "second": Pace(5.0, 16.0, 32)}
        # What was timed before does not count beside it.
        run.earlier_paces["first"] = Pace(900.0, 900.0, 32)
        assert _first_tuning(run, PLAIN) == pytest.approx(5 + 3 * images * 0.5)


def test_few_images_are_raced_for_as_many_epochs_as_they_would_be_fine_tuned() -> None:
    assert SHORT.epochs_for(20) == FineTuningSettings().epochs_for(20)
