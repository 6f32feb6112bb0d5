"""Comparisons that wait in the queue together train no model twice."""

from typing import Any

import pytest
from factories import replace
from served import NOW, Found, asking, end, send, tuned

from task2vec.finetuning.result import PROTOCOL
from task2vec.jobs import jobs, leases
from task2vec.messages.comparisons import Comparison
from task2vec.messages.settings import TuningSettings
from task2vec.service.models.experts import TunedDetails
from task2vec.service.workspace import Workspace
from task2vec.store.jobs.record import JobRecord
from task2vec.types import JobKind, JobState, Recipe

SETTINGS = TuningSettings()


def ask(workspace: Workspace, dataset: str, *models: str) -> JobRecord:
    question = asking(JobKind.COMPARE, dataset=dataset, models=models)
    return jobs.submit(workspace, question, now=NOW)


def work(workspace: Workspace) -> list[tuple[str, str]]:
    """Be a worker until nothing is left; return which job had which model trained."""
    done = []
    while lent := leases.lease(workspace, worker="w", kinds=[JobKind.COMPARE], now=NOW + 5):
        model = lent.work.step.model
        done.append((lent.job.id, model.name))
        new = lent.work.task is None
        found = tuned(workspace, SETTINGS.seed, new=new, architecture=model.architecture)
        end(workspace, lent.job, _as_asked(found, number=len(done)))
    return done


def _as_asked(found: Found, *, number: int) -> Found:
    assert found.tuned is not None
    protocol = f"{PROTOCOL} 128px {SETTINGS.images} images seed {SETTINGS.seed}"
    stated = {"images": SETTINGS.images, "seconds": number, "protocol": protocol}
    return replace(found, tuned={**found.tuned, **stated})


def test_of_comparisons_that_wait_together_none_trains_what_another_has(served: Workspace) -> None:
    foods = send(served, "foods").id
    first = ask(served, foods, "efficientnet_lite1")
    second = ask(served, foods, "efficientnet_lite1", "efficientnet_lite2")
    trained = work(served)
    assert sorted(model for _, model in trained) == [
        "efficientnet_lite0",
        "efficientnet_lite1",
        "efficientnet_lite2",
    ]
    ended = [served.store().jobs.get(job.id) for job in (first, second)]
    assert [job.state for job in ended] == [JobState.SUCCEEDED] * 2
    one, both = (Comparison.model_validate(job.result) for job in ended)
    shared = {row.model: row.seconds for row in both.rows}
    assert {row.model: row.seconds for row in one.rows}.items() <= shared.items()


def test_a_comparison_whose_models_were_all_trained_meanwhile_needs_no_worker(
    served: Workspace,
) -> None:
    foods = send(served, "foods").id
    # The one that was asked for last has other models, and is not the same work.
    ask(served, foods, "efficientnet_lite1", "efficientnet_lite2")
    second = ask(served, foods, "efficientnet_lite2")
    trained = work(served)
    assert len(trained) == 3
    assert second.id not in {job for job, model in trained if model == "efficientnet_lite0"}
    assert served.store().jobs.get(second.id).state is JobState.SUCCEEDED


def test_what_was_made_by_another_recipe_is_trained_again(served: Workspace) -> None:
    foods = send(served, "foods").id
    ask(served, foods, "efficientnet_lite1")
    assert len(work(served)) == 2
    question = asking(
        JobKind.COMPARE,
        dataset=foods,
        models=["efficientnet_lite1"],
        settings={"recipe": Recipe.LAST_STAGE},
    )
    jobs.submit(served, question, now=NOW)
    lent = leases.lease(served, worker="w", kinds=[JobKind.COMPARE], now=NOW + 5)
    assert lent is not None
    step = lent.work.step
    assert (step.model.name, step.settings.recipe) == ("efficientnet_lite0", Recipe.LAST_STAGE)


def test_what_an_earlier_version_made_had_no_recipe_and_counts_as_by_the_default_one(
    served: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    foods = send(served, "foods").id
    described = TunedDetails.model_dump

    def without_recipe(details: TunedDetails, **options: Any) -> dict[str, Any]:
        written = described(details, **options)
        del written["settings"]["recipe"], written["recipe"], written["curve"]
        return written

    with monkeypatch.context() as patched:
        patched.setattr(TunedDetails, "model_dump", without_recipe)
        ask(served, foods, "efficientnet_lite1")
        assert len(work(served)) == 2
    again = ask(served, foods, "efficientnet_lite1")
    assert again.state is JobState.SUCCEEDED
