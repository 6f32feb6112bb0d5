"""`task2vec recommend`: answers for sources and stored tasks, and code that runs."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from command import Cli
from small_store import USED, SmallStore

from task2vec.service.recommend.budget_run import BudgetRun

PACKAGED = {"efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"}
ONLY_DEFAULT = ("--architecture", "tf_efficientnet_lite0", "--images", USED, "--budget", 1)


def test_a_source_is_answered_without_a_store(cli: Cli, two_classes: Path) -> None:
    found = cli("recommend", two_classes, "--images", 6, "--budget", 1, "--json")
    answer = found.json

    assert not Path("task2vec-store").exists()
    assert found.code == (3 if answer["abstained"] else 0)
    assert {row["model"] for row in answer["recommendations"]} == PACKAGED
    for row in answer["recommendations"]:
        for plan in row["plans"]:
            low, high = plan["accuracy_interval"]
            assert 0 <= low <= plan["accuracy"] <= high <= 1
        # Gains are measured against the default: nothing speaks for or against itself.
        kinds = [piece["kind"] for piece in row["evidence"]]
        if row["model"] == "efficientnet_lite0":
            assert kinds == ["none"]
        else:
            # Outcomes are those of the tasks that ship.
            assert {"published"} <= {*kinds} <= {"published", "outcome", "linear_probe"}
    assert answer["probed"] >= 2
    # What comes first is the answer; behind it, the best come first.
    scores = [row["score"] for row in answer["recommendations"][1:]]
    assert scores == sorted(scores, reverse=True)
    assert answer["recommendations"][0]["model"] == answer["chosen"]


def test_the_table_says_what_to_take_and_the_code_builds_it(ask: Cli, small: SmallStore) -> None:
    import torch
    from PIL import Image

    from task2vec.probe.registry import load_probe

    stored = ("recommend", "emoji_food", *ONLY_DEFAULT)
    found, explained = ask(*stored, "--code"), ask(*stored, "--explain")

    assert found.out.startswith("Take the default: efficientnet_lite0\n")
    assert "\n  task2vec finetune emoji_food --from efficientnet_lite0 --store " in found.err
    assert "import timm" not in explained.out
    assert "always default" in explained.out
    assert "always default" not in found.out
    assert "Gains: over the default, trained in the same way. Intervals: 90 %." in found.out
    assert "with a linear probe (points)" in explained.out
    assert "after fine-tuning (points)" not in found.out
    names: dict[str, Any] = {}
    exec(found.out[found.out.index("import timm") :], names)
    probe, model = load_probe("efficientnet_lite0"), names["model"]
    state, right = model.state_dict(), probe.backbone.state_dict()
    assert len(right) > 200
    assert all(torch.equal(state[key], value) for key, value in right.items())
    assert model(torch.zeros(1, 3, 64, 64)).shape == (1, 4)
    image = Image.radial_gradient("L").convert("RGB").resize((150, 90))
    wanted = probe.to_input([probe.preprocess(image)])[0]
    assert torch.allclose(names["transform"](image), wanted, atol=0.02)


def test_a_stored_task_whose_images_are_gone_says_so(
    on: Cli, two_classes: Path, tmp_path: Path
) -> None:
    source = Path(shutil.copytree(two_classes, tmp_path / "food"))
    on("embed", source, "--images", 6)
    next(source.rglob("*.*")).unlink()

    found = on("recommend", "food", "--no-bundles", "--json")

    (told,) = [w for w in found.json["warnings"] if "No model was measured now" in w]
    assert f"The images of task 'food' in {source} have changed since it was embedded" in told
    assert told.endswith(f"`task2vec embed {source} --name food --update`.")
    assert found.json["recommendations"][0]["plans"][0]["accuracy"] is None


def test_what_measures_more_is_told_where_there_is_something_to_measure_on(
    cli: Cli, two_classes: Path, tmp_path: Path
) -> None:
    asked = ("--no-published", "--images", 6, "--budget", 1)
    at_hand = cli("recommend", two_classes, *asked)
    told = " ".join(at_hand.err.split())
    needed = re.search(r" one of (\d+) seconds", told)
    assert needed is not None
    again = f"task2vec recommend {two_classes} --no-published --images 6 --budget {needed[1]}"
    assert f"  {again}\n" in at_hand.err
    # The only model that there is was measured: no budget measures more.
    everything = cli("recommend", two_classes, *ONLY_DEFAULT)
    assert "lack of time" not in everything.err
    assert "--budget" not in everything.err

    single = tmp_path / "single"
    for folder in two_classes.iterdir():
        (single / folder.name).mkdir(parents=True)
        first = min(folder.iterdir())
        shutil.copy(first, single / folder.name / first.name)
    unfit = cli("recommend", single, *ONLY_DEFAULT)
    assert unfit.code == 3
    assert "no model could be probed" in unfit.err
    assert "--budget" not in unfit.out + unfit.err


@pytest.mark.parametrize(
    ("asked", "recipe"),
    [
        ([], ""),
        (["--recipe", "last-stage"], " --recipe last-stage"),
        (["--recipe", "all-layers"], " --recipe all-layers"),
        (["--time", "100h"], " --recipe all-layers"),
        (["--time", "0.01s"], " --recipe linear-probe"),
    ],
)
def test_the_next_command_names_the_recipe_unless_finetune_would_take_it_by_itself(
    ask: Cli, asked: list[str], recipe: str
) -> None:
    found = ask("recommend", "emoji_food", *ONLY_DEFAULT, *asked)
    command = f"  task2vec finetune emoji_food --from efficientnet_lite0{recipe} --store "
    assert command in found.err
    said = "Nothing fits: efficientnet_lite0 with a linear probe takes least, about "
    assert (said in " ".join(found.out.split())) is ("0.01s" in asked)
    assert "--budget" not in found.err or "--time" not in asked


@pytest.mark.parametrize(("needed", "proposed"), [(590.0, True), (840.0, False), (None, False)])
def test_a_budget_is_proposed_where_it_takes_less_than_ten_minutes(
    ask: Cli,
    monkeypatch: pytest.MonkeyPatch,
    needed: float | None,
    proposed: bool,
) -> None:
    monkeypatch.setattr(BudgetRun, "budget_needed", lambda _: needed)

    found = ask("recommend", "emoji_food", *ONLY_DEFAULT)

    assert ("--budget 590" in found.err) is proposed
    assert ("--budget 840" in found.err) is False
    assert "  task2vec finetune emoji_food --from efficientnet_lite0" in found.err


def test_limits_that_nothing_passes_are_told_with_what_there_is(
    cli: Cli, small: SmallStore
) -> None:
    asked = ("recommend", "emoji_food", "--store", small.store)

    refused = cli(*asked, "--licence", "no-such", "--architecture", "efficientnet_lite0")
    told = " ".join(refused.err.split())
    assert (refused.code, refused.out) == (2, "")
    assert (
        "There are the licences: Apache-2.0; and the architectures: tf_efficientnet_lite0, "
        "tf_efficientnet_lite1, tf_efficientnet_lite2." in told
    )
    # What is not limited needs no correction.
    limits = ("--max-parameters", "1k", "--max-input-size", 64, "--licence", "no\x1b[2J")
    told = " ".join(cli(*asked, *limits).err.split())
    assert (
        "got none with at most 1,000 parameters, at most 64 pixels per side, "
        "the licence no\\x1b[2J." in told
    )
    assert "architectures" not in told


def test_images_of_a_stored_task_lead_to_that_task(
    cli: Cli, store: Path, two_classes: Path, tmp_path: Path
) -> None:
    cli("embed", two_classes, "--name", "my task", "--store", store, "--images", 6)
    copy = Path(shutil.copytree(two_classes, tmp_path / "renamed"))
    asked = ("--store", store, "--images", 6, *ONLY_DEFAULT[-2:])
    found = cli("recommend", copy, *asked)
    told = " ".join(found.err.split())
    assert "Warning: these are the images of the stored task 'my task', so its experts" in told
    tune = f"finetune 'my task' --from efficientnet_lite0 --recipe linear-probe --store '{store}'"
    commands = f"  task2vec recommend 'my task' --store '{store}'\n  task2vec {tune}\n"
    assert found.err.endswith(f"Next:\n{commands}")
    again = cli("recommend", "my task", *asked)
    assert "the images of the stored task" not in " ".join(again.err.split())


def test_the_answer_is_written_to_reports(cli: Cli, two_classes: Path) -> None:
    asked = ("recommend", two_classes, *ONLY_DEFAULT)
    found = cli(*asked, "--report", "a.html", "--report", "a.md", "--json")
    assert found.code == 3
    assert found.json["explanation"] is not None
    command = f"task2vec finetune {two_classes} --from efficientnet_lite0"
    for name in ("a.html", "a.md"):
        text = Path(name).read_text()
        assert "Take the default: efficientnet" in text
        assert command in text
        assert f"Wrote {name}." in found.err
    assert "in place of the earlier file" in cli(*asked, "--report", "a.md").err

    refused = cli("recommend", "nothing/there", "--report", "a.pdf")
    assert refused.code == 2
    assert "a file name ending in .html or .md" in refused.err
