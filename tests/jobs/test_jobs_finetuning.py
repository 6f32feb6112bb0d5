"""Fine-tuning stores task, expert, outcome and checkpoint, or nothing of them."""

import pytest
from factories import replace
from served import PREPROCESSING, Found, embed, end, lend, send, tuned
from small_store import snapshot

from task2vec.errors import StoreError, StoreFullError
from task2vec.jobs import leases
from task2vec.jobs.finetune import expert_id
from task2vec.messages.finetuning import Tuned as WireTuned
from task2vec.service.models.experts import sweep_experts
from task2vec.service.packaged_models import default_model_id
from task2vec.service.quarantine import list_aside
from task2vec.service.workspace import Workspace
from task2vec.types import JobKind, JobState


@pytest.fixture
def job(served):
    """A new data set that is being fine-tuned on."""
    return lend(served, JobKind.FINETUNE, {"dataset": send(served, "pets").id})


def nothing_stored(served: Workspace) -> bool:
    store = served.store()
    return not (store.tasks.list() or store.outcomes.list() or experts(served))


def experts(served: Workspace) -> list[str]:
    return sorted(path.name for path in served.path.glob("experts/*"))


def test_fine_tuning_stores_task_expert_outcome_and_checkpoint(served, job):
    found = tuned(served, 3, new=True)
    weights = found.checkpoint.read_bytes()
    done = end(served, job, found)
    store = served.store()
    task, expert = store.tasks.get("pets"), store.models.get("pets-from-efficientnet_lite0")
    (outcome,) = store.outcomes.list()
    assert done.result == {
        "model": expert.name,
        "task": "pets",
        "accuracy": 0.75,
        "interval": list(outcome.interval),
        "test_images": 4,
        "balanced_accuracy": (1 + 2 / 3) / 2,
        "by_class": [
            {"label": "cat", "images": 1, "accuracy": 1.0},
            {"label": "dog", "images": 3, "accuracy": 2 / 3},
        ],
        "protocol": "fine-tuning/1 128px 16 images seed 0",
        "epochs": 4,
        "best_epoch": 2,
        "seconds": 9.5,
        "resumed": None,
        "warnings": ["one image could not be read", "few images"],
        "recipe": "all-layers",
        "curve": [
            {"steps": 4, "accuracy": 0.75, "loss": 1.0},
            {"steps": 8, "accuracy": 0.5, "loss": None},
        ],
        "choice": {
            "chosen": "all-layers",
            "by": "validation",
            "images": 32,
            "learning_rate": 1e-3,
            "linear_probe": {"accuracy": 0.5, "loss": 1.25},
            "all_layers": {"accuracy": 0.75, "loss": 1.0},
            "noise": 0.1,
            "reason": "on 32 validation images the linear probe has 50 % right and a loss of 1.25, "
            "all layers 75 % and 1.00; the accuracy decides (25 points, standard error 10)",
        },
    }
    assert WireTuned.model_validate(done.result).accuracy == 0.75
    assert (expert.id, expert.task, expert.parameters) == (expert_id(job.id), task.id, 15)
    assert (outcome.model, outcome.task) == (default_model_id(), task.id)
    assert outcome.details["expert"] == expert.id
    assert (served.path / "experts" / f"{expert.id}.safetensors").read_bytes() == weights
    assert not found.checkpoint.exists()
    assert end(served, job, Found()) == done
    assert len(store.outcomes.list()) == 1


@pytest.mark.parametrize("fault", ["architecture", "digest", "nothing", "taken"])
def test_an_expert_that_cannot_be_used_leaves_nothing(served, job, sent, fault):
    found = tuned(served, 3, new=True)
    if fault == "architecture":
        found = tuned(served, 3, new=True, architecture="resnet18")
    elif fault == "digest":
        found = replace(found, tuned={**found.tuned, "sha256": "0" * 64})
    elif fault == "nothing":
        found = replace(found, tuned=None)
    else:
        first = next(m for m in served.store().models.list() if m.id == default_model_id())
        taken = replace(first, id="", name=job.payload["name"], ref="timm:x")
        served.store().models.add(taken)
    models = served.store().models.list()
    failed = end(served, job, found)
    assert failed.state is JobState.FAILED
    assert served.store().models.list() == models
    assert nothing_stored(served)


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"preprocessing": {**PREPROCESSING, "input_size": "evil"}}, "input_size"),
        ({"preprocessing": {**PREPROCESSING, "input_size": -3}}, "input_size"),
        ({"preprocessing": {**PREPROCESSING, "std": [0, 0, 0]}}, "std"),
        ({"preprocessing": {**PREPROCESSING, "mean": [10**400] * 3}}, "too large"),
        ({"preprocessing": {"input_size": 128}}, "mean"),
        ({"preprocessing": [1, 2]}, "preprocessing"),
        ({"licence": ["a"]}, "licence"),
        ({"licence": 5}, "licence"),
        ({"licence": "\x1b[2J"}, "licence"),
        ({"licence": "x" * 201}, "licence"),
        ({"best_epoch": "2"}, "best_epoch"),
        ({"best_epoch": -1}, "best_epoch"),
        ({"architecture": 7}, "architecture"),
        ({"preprocessing": {**PREPROCESSING, "a\x1b[2J": 1}}, "a\\x1b[2J"),
        ({"preprocessing": {**PREPROCESSING, "mean": ["0"] * 10**5}}, "mean"),
    ],
)
def test_a_checkpoint_that_states_what_no_expert_does_fails_the_job(served, job, stated, words):
    models = served.store().models.list()
    failed = end(served, job, tuned(served, 3, new=True, **stated))
    assert (failed.state, failed.error.code) == (JobState.FAILED, "bad_weights")
    assert words in failed.error.got
    assert failed.error.got.isprintable()
    assert len(failed.error.got) <= 10_000
    assert served.store().models.list() == models
    assert nothing_stored(served)


def test_findings_of_fine_tuning_that_cannot_be_leave_nothing(served, job):
    found = tuned(served, 3, new=True)
    told = {**found.tuned, "settings": {**found.tuned["settings"], "seed": 2**80}}
    failed = end(served, job, replace(found, tuned=told))
    assert (failed.state, failed.error.code) == (JobState.FAILED, "bad_input")
    assert failed.error.got.startswith("settings.seed: ")
    assert nothing_stored(served)


def test_warnings_about_the_images_are_shown_without_what_hides(served, job):
    found = tuned(served, 3, new=True)
    told = {**found.tuned, "warnings": ["no image: \x1b[2J.png"], "resumed": "epoch \x1b[2J"}
    done = end(served, job, replace(found, tuned=told))
    assert done.result["warnings"][-1] == "no image: \\x1b[2J.png"
    assert done.result["resumed"] == "epoch \\x1b[2J"


def test_a_warning_that_the_worker_sends_twice_is_shown_once(served, job):
    found = tuned(served, 3, new=True)
    # As workers do: of the images, and among all that was found.
    told = {**found.tuned, "warnings": ["few \x1b[2J", "rough"]}
    found = replace(found, tuned=told, warnings=("embedded", "few \x1b[2J", "rough"))
    done = end(served, job, found)
    assert done.result["warnings"] == ["embedded", "few \\x1b[2J", "rough"]


def test_a_full_disk_leaves_the_job_and_no_checkpoint(served, job, monkeypatch):
    store = served.store()
    finish = store.jobs.complete_within

    def full(*_, **__):
        raise StoreFullError("The disk is full")

    monkeypatch.setattr(store.jobs, "complete_within", full)
    with pytest.raises(StoreError):
        end(served, job, tuned(served, 3, new=True))
    assert served.store().jobs.get(job.id).state is JobState.RUNNING
    assert nothing_stored(served)
    monkeypatch.setattr(store.jobs, "complete_within", finish)
    assert end(served, job, tuned(served, 3, new=True)).state is JobState.SUCCEEDED


def test_only_checkpoints_without_a_record_are_put_aside(served, job):
    end(served, job, tuned(served, 3, new=True))
    kept = snapshot(served.path / "experts")
    (served.path / "experts" / "mdl_0123456789abcdef.safetensors").write_bytes(b"orphan")
    assert sweep_experts(served) == 1
    assert snapshot(served.path / "experts") == kept
    assert sweep_experts(served) == 0
    (aside,) = list_aside(served.path)
    assert aside.path.read_bytes() == b"orphan"


def test_fine_tuning_a_data_set_that_was_embedded_meanwhile_uses_that_task(served, job, sent):
    stored = embed(served, sent, "pets", seed=0)
    done = end(served, job, tuned(served, 3, new=True))
    assert done.state is JobState.SUCCEEDED
    expert = served.store().models.get(done.result["model"])
    assert expert.task == stored.result["id"]
    assert len(served.store().tasks.list()) == 1


def test_findings_that_come_twice_at_once_are_stored_once(served, job, monkeypatch):
    check, first = leases.receive, []

    def the_other_first(*arguments, **more):
        monkeypatch.setattr(leases, "receive", check)
        first.append(end(served, job, tuned(served, 4, new=True)))
        return check(*arguments, **more)

    monkeypatch.setattr(leases, "receive", the_other_first)
    done = end(served, job, tuned(served, 3, new=True))
    assert [done] == first
    assert done.state is JobState.SUCCEEDED
    assert experts(served) == [f"{expert_id(job.id)}.safetensors"]
    assert len(served.store().outcomes.list()) == 1


def test_a_worker_that_sends_no_checkpoint_is_told_so(served, job):
    found = replace(tuned(served, 3, new=True), checkpoint=None)
    failed = end(served, job, found)
    assert (failed.state, failed.error.code) == (JobState.FAILED, "bad_input")
    assert "checkpoint" in failed.error.expected
    assert nothing_stored(served)


def test_another_task_of_the_data_sets_name_that_came_meanwhile_fails_it(served, job, sent):
    # Other images under the same name: the outcome would become one of theirs.
    stored = embed(served, sent, "pets", seed=1)
    failed = end(served, job, tuned(served, 3, new=True))
    assert (failed.state, failed.error.code) == (JobState.FAILED, "name_taken")
    assert "pets" in failed.error.problem
    assert [task.id for task in served.store().tasks.list()] == [stored.result["id"]]
    assert (served.store().outcomes.list(), experts(served)) == ([], [])
