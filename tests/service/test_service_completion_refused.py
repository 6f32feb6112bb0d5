"""What a fine-tuning job cannot store fails it with a reason, and leaves nothing behind."""

from factories import replace
from served import embed, end, lend, send, tuned

from task2vec.service.workspace import Workspace
from task2vec.types import JobKind, JobState


def experts(served: Workspace) -> list[str]:
    return sorted(path.name for path in served.path.glob("experts/*"))


def test_a_worker_that_sends_no_checkpoint_is_told_so(served):
    question = {"task": None, "dataset": send(served, "pets").id, "start": "efficientnet_lite0"}
    job = lend(served, JobKind.FINETUNE, question)
    found = replace(tuned(served, 3, new=True), checkpoint=None)
    failed = end(served, job, found)
    assert (failed.state, failed.error.code) == (JobState.FAILED, "bad_input")
    assert "checkpoint" in failed.error.expected
    assert (served.store().tasks.list(), experts(served)) == ([], [])


def test_another_task_of_the_data_sets_name_that_came_meanwhile_fails_it(served, sent):
    question = {"task": None, "dataset": send(served, "pets").id, "start": "efficientnet_lite0"}
    job = lend(served, JobKind.FINETUNE, question)
    # Other images under the same name: the outcome would become one of theirs.
    stored = embed(served, sent, "pets", seed=1)
    failed = end(served, job, tuned(served, 3, new=True))
    assert (failed.state, failed.error.code) == (JobState.FAILED, "name_taken")
    assert "pets" in failed.error.problem
    assert [task.id for task in served.store().tasks.list()] == [stored.result["id"]]
    assert (served.store().outcomes.list(), experts(served)) == ([], [])
