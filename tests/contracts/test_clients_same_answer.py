"""One store gives one answer, whether the command line, a server or Python is asked."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from client_kinds import REMOTE, client_of, serving
from small_store import cut

from task2vec import LocalClient
from task2vec.cli.run import run
from task2vec.data.wording import typed
from task2vec.errors import SourceError

USED = 12
#: Two models are probed whatever the time.
ASKED: dict[str, Any] = {"images": USED, "budget": 1e-3}


def verdict(answer: Any) -> dict[str, Any]:
    """Return what an answer says, without how it came about.

    Where the list of images is not at hand, the seconds are those of a number of images.
    """
    found = answer if isinstance(answer, dict) else answer.model_dump(mode="json")
    for each in found["recommendations"]:
        assert all(plan.pop("seconds") > 0 for plan in each["plans"])
    names = ("task", "chosen", "abstained", "reason", "probed", "recommendations", "code")
    return {name: found[name] for name in names}


def command(capsys: pytest.CaptureFixture[str], *where: str) -> tuple[dict[str, Any], str]:
    """Return the answer of the command line, and what it says to a person."""
    asked = ["recommend", "food", "--images", str(USED), "--budget", "0.001", *where]
    capsys.readouterr()
    assert run([*asked, "--json"]) in (0, 3)
    answer = json.loads(capsys.readouterr().out)
    assert run(asked) in (0, 3)
    return answer, capsys.readouterr().err


def test_a_store_of_the_command_line_answers_the_same_when_it_is_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store, source = tmp_path / "store", cut("emoji_food", tmp_path / "food", classes=2)
    with LocalClient(store) as client:
        client.embed(source, images=USED)
        first = client.recommend("food", **ASKED)
        assert (first.probed, first.images_missing) == (2, False)

    with serving(store) as url:
        for kind in REMOTE:
            with client_of(kind, url) as client:
                found = client.recommend("food", **ASKED)
            assert verdict(found) == verdict(first)
            assert found.images_missing
        answer, told = command(capsys, "--url", url)
        assert verdict(answer) == verdict(first)
        told = " ".join(told.split())
        why = "it was embedded from a folder by the command line, and a server opens uploads only"
        assert f"are not on this server: {why}. 2 earlier measurements counted" in told
        bring = f"task2vec embed FOLDER --name food --update --url {url}"
        assert f"Next: {bring} FOLDER is where the images are now" in told
        for kind in REMOTE:
            with client_of(kind, url) as client, pytest.raises(SourceError, match=why):
                client.finetune("food")
        # What comes next can be typed; afterwards the server measures, and fine-tuning works.
        assert run(bring.replace("FOLDER", str(source)).split()[1:]) == 0
        answer, told = command(capsys, "--url", url)
        assert (answer["images_missing"], answer["probed"]) == (False, 2)
        assert "Next:\n  task2vec finetune food --from " in told

    # The store keeps what was uploaded: that is what the command line opens from now on.
    shutil.rmtree(source)
    with LocalClient(store) as client:
        assert (client.tasks.get("food").source or "").startswith("dataset:")
        found = client.recommend("food", **ASKED)
        assert (found.images_missing, found.probed) == (False, 2)
        more = client.recommend("food", images=USED - 2, budget=1e-3)
        assert [step.cached for step in more.steps if step.model] == [False, False]
    answer, told = command(capsys, "--store", str(store))
    assert "Next:\n  task2vec " in told
    assert "\n  task2vec finetune food --from " in told

    (upload,) = (store / "datasets").iterdir()
    upload.write_bytes(upload.read_bytes() + b"0")
    assert run(["finetune", "food", "--store", str(store), "--name", "again"]) == 2
    assert "have changed since it was embedded" in " ".join(capsys.readouterr().err.split())
    upload.unlink()
    assert run(["finetune", "food", "--store", str(store), "--name", "again"]) == 2
    refused = " ".join(capsys.readouterr().err.split())
    assert "were uploaded to a server of this store, and are no longer kept" in refused
    bring = f"task2vec embed FOLDER --name food --update --store {typed(str(store))}"
    assert f"`{bring}`, where FOLDER is where" in refused


def test_a_folder_that_was_moved_changes_no_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store, source = tmp_path / "task2vec-store", cut("emoji_food", tmp_path / "food", classes=2)
    with LocalClient(store) as client:
        client.embed(source, images=USED)
        first = client.recommend("food", **ASKED)
        moved = source.rename(tmp_path / "my pictures")
        found = client.recommend("food", **ASKED)
    assert verdict(found) == verdict(first)
    assert f"are no longer in {source}" in repr(found)
    answer, told = command(capsys)
    assert verdict(answer) == verdict(first)
    remedy = "task2vec embed FOLDER --name food --update"
    was = f"FOLDER is where the images are now; they were in {source}."
    assert told.split("Next:\n")[1].split() == f"{remedy} {was}".split()

    assert run(["finetune", "food"]) == 2
    refused = " ".join(capsys.readouterr().err.split())
    assert f"The images of task 'food' are no longer in {source}" in refused
    assert f"`{remedy}`, where FOLDER is where the images are now." in refused
    words = [str(moved) if word == "FOLDER" else word for word in remedy.split()[1:]]
    assert run([*words, "--images", str(USED)]) == 0
    assert run(["finetune", "food", "--epochs", "1", "--images", "12"]) == 0
