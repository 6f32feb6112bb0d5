"""What is thought of the offered models: which measurements count, and what the default reaches."""

import numpy as np
import pytest
from questions import GARDEN, NEAR, PLAIN, ask, at, model, outcome, right

from task2vec.recommendation.answer.belief import Judge
from task2vec.recommendation.prediction.difficulty import LEAST_TASKS


def test_a_measurement_of_a_model_that_is_not_known_any_more_counts_nothing():
    # A worker measured it, and by the time of the answer it was removed.
    measured = {"mdl-plain": right(60, 100), "mdl-rose-expert": right(80, 100)}
    with_gone = {**measured, "mdl-removed": right(100, 100)}
    judge = Judge(GARDEN)
    told, more = judge.judge(probed=measured), judge.judge(probed=with_gone)
    np.testing.assert_array_equal(told.belief.mean, more.belief.mean)
    assert told.measurements == more.measurements
    assert len(told.measurements) == 1


@pytest.mark.parametrize(("tasks", "told"), [(LEAST_TASKS - 1, False), (LEAST_TASKS, True)])
def test_the_default_is_foretold_from_enough_tasks_on(tasks, told):
    names = [f"t{i}" for i in range(tasks)]
    question = ask(
        [PLAIN, model("other")],
        tasks=at(**dict.fromkeys(names, NEAR)),
        outcomes=[outcome("plain", name, 0.7) for name in names],
    )
    assert (Judge(question).foretold is not None) == told
