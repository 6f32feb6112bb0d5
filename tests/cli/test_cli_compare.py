"""`task2vec compare`, on models that were fine-tuned before: what it shows, draws and says next."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from command import Cli
from factories import make_model
from small_network import reference_of
from small_store import SmallStore

from task2vec import LocalClient
from task2vec.finetuning.result import PROTOCOL
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.messages.outcomes import StoredOutcome
from task2vec.service.models.experts import TunedDetails
from task2vec.service.packaged_models import default_model_id
from task2vec.service.workspace import Workspace

DEFAULT = "efficientnet_lite0"
SHORT = ("--epochs", 1)
#: Which of forty test images were right.
RIGHT = {DEFAULT: "0" * 20 + "1" * 20, "better": "1" * 35 + "0" * 5, "alike": "01" * 20}


@pytest.fixture
def store(small: SmallStore, tmp_path: Path) -> Path:
    """A store with three models that were fine-tuned on ``emoji_food``, and one that is gone."""
    store = Path(shutil.copytree(small.store, tmp_path / "store"))
    with LocalClient(store) as client:
        for seed, name in enumerate(("better", "alike", "gone")):
            client.models.add(reference_of(tmp_path, seed=seed), name=name)
    (tmp_path / "small-2.safetensors").unlink()
    with Workspace(store) as workspace:
        kept = workspace.store(create=True)
        task = kept.tasks.get("emoji_food")
        for name, right in RIGHT.items():
            start = default_model_id() if name == DEFAULT else kept.models.get(name).id
            expert = kept.models.add(
                make_model(f"{name} expert", task=task.id, start=start, ref=f"store:{name}")
            )
            (store / name).touch()
            details = TunedDetails(
                expert=expert.id,
                settings=asdict(FineTuningSettings(epochs=1)),
                images=400,
                source=task.source_signature,
                seconds=12.5,
                correct=right,
                tested="the same",
            )
            kept.outcomes.add(
                StoredOutcome(
                    model=start,
                    task=task.id,
                    accuracy=right.count("1") / len(right),
                    protocol=f"{PROTOCOL} 32px 24 images seed 0",
                    details=details.model_dump(),
                )
            )
    return store


def test_it_says_which_to_take_by_how_much_and_what_to_type_next(
    cli: Cli, store: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "gains.svg"
    arguments = ("compare", "emoji_food", "--models", "alike, better", *SHORT, "--store", store)

    found = cli(*arguments, "-o", picture)

    assert found.code == 0
    head, default, better, alike = found.out.splitlines()
    assert "90 % of all gains" in head
    assert default.split()[:2] == [DEFAULT, "50.0"]
    assert better.split()[0] == "better"
    assert "+37.5" in better
    assert "better expert" in better
    assert " no " in alike
    said = " ".join(found.err.split())
    assert "Take better: on the same 40 test images it is more accurate than the default" in said
    assert "Next: task2vec predict 'better expert' IMAGES --store" in said
    drawn = picture.read_text()
    assert all(name in drawn for name in RIGHT)
    answer = json.loads(cli(*arguments, "--json").out)
    assert (answer["chosen"], answer["expert"]) == ("better", "better expert")
    assert [row["better"] for row in answer["rows"]] == [None, True, None]


def test_a_model_that_cannot_be_loaded_has_a_reason_and_the_exit_code_says_so(
    cli: Cli, store: Path
) -> None:
    found = cli("compare", "emoji_food", "--models", "alike,gone", *SHORT, "--store", store)

    assert found.code == 1
    assert "failed" in found.out.splitlines()[-1]
    said = " ".join(found.err.split())
    assert "gone: " in said
    assert "small-2.safetensors" in said
    assert f"Take the default, {DEFAULT}: no model is surely more accurate" in said


def test_a_picture_that_cannot_be_written_is_refused_before_the_work(
    cli: Cli, store: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "gains.txt"
    found = cli(
        "compare", "emoji_food", "--models", "gone", "-o", picture, *SHORT, "--store", store
    )
    assert found.code == 2
    assert ".png, .svg, .pdf" in found.err


def test_an_expert_whose_file_is_gone_is_made_again(cli: Cli, store: Path) -> None:
    (store / "better").unlink()

    found = cli("compare", "emoji_food", "--models", "better", *SHORT, "--store", store)

    # Trained now, it was tested on real images, and the default in this store on others.
    assert found.code == 2
    assert "tested on different images" in found.err


def test_what_cannot_be_written_is_no_fault_of_a_model(cli: Cli, store: Path) -> None:
    (store / "alike").unlink()
    (store / "experts").write_text("no folder")

    found = cli("compare", "emoji_food", "--models", "alike", *SHORT, "--store", store)

    assert (found.code, found.out) == (2, "")
    assert "experts" in found.err


def test_models_are_taken_from_each_option(cli: Cli, store: Path) -> None:
    several = ("--models", "alike", "--models", "better")

    found = cli("compare", "emoji_food", *several, "--json", *SHORT, "--store", store)

    rows = json.loads(found.out)["rows"]
    assert [row["model"] for row in rows] == [DEFAULT, "better", "alike"]
