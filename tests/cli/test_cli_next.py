"""Every command for people ends with what to type next; `--json` prints none of it."""

import os
import shutil
from pathlib import Path

import pytest
from command import Cli, Result
from small_expert import add_expert, expert_file
from small_store import USED, SmallStore, cut


def nexts(found: Result) -> list[str]:
    """Return the commands below the last line that says so, which end the messages."""
    lines = found.err.splitlines()
    start = len(lines) - lines[::-1].index("Next:")
    assert all(line.startswith("  task2vec ") for line in lines[start:]), found.err
    return [line.strip() for line in lines[start:]]


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("show emoji_food", ["neighbours emoji_food", "recommend emoji_food"]),
        ("list", ["neighbours emoji_food", "show emoji_food"]),
        ("neighbours emoji_food", ["recommend emoji_food"]),
        (
            "distance emoji_food fashion_tops",
            ["neighbours emoji_food", "recommend fashion_tops"],
        ),
        ("map", ["neighbours emoji_food"]),
        ("models list", ["models show efficientnet_lite0", "recommend TASK"]),
    ],
)
def test_questions_end_with_the_next_command(
    ask: Cli, small: SmallStore, line: str, commands: list[str]
) -> None:
    found = ask(*line.split())
    assert nexts(found) == [f"task2vec {each} --store {small.store}" for each in commands]
    assert "Next:" not in ask(*line.split(), "--json").err


def test_what_writes_to_the_store_ends_with_the_next_command(
    cli: Cli, store: Path, small: SmallStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASK2VEC_STORE", str(store))
    add = ("models", "add", "resnet18", "--name", "r")
    assert nexts(cli(*add)) == [
        "task2vec models show r",
        "task2vec finetune SOURCE --from r",
    ]
    outcome = ("outcomes", "add", "efficientnet_lite0", "emoji_food", "--accuracy", 0.5)
    assert nexts(cli(*outcome)) == [
        "task2vec outcomes list --task emoji_food",
        "task2vec recommend emoji_food",
    ]
    assert nexts(cli("outcomes", "list")) == [
        "task2vec recommend emoji_food",
        "task2vec backtest",
    ]
    Path("o.csv").write_text("model,task,accuracy\nefficientnet_lite0,emoji_food,0.5\n")
    assert nexts(cli("outcomes", "import", "o.csv")) == [
        "task2vec outcomes list",
        "task2vec backtest",
    ]
    add_expert(store, expert_file(tmp_path, small.sources / "emoji_food", temperature=0.4))
    images = next((small.sources / "emoji_food").iterdir())
    assert nexts(cli("predict", "small", images)) == [f"task2vec predict small {images} --csv"]
    for options in (["--json"], ["--csv"]):
        assert "Next:" not in cli("predict", "small", images, *options).err


def test_a_batch_ends_with_the_next_command(cli: Cli, small: SmallStore, store: Path) -> None:
    at = ("batch", small.sources, "--images", USED)
    where = f" --store '{store}'"
    assert nexts(cli(*at, "--store", store)) == [f"task2vec list{where}", f"task2vec map{where}"]
    dry = cli(*at, "--store", store, "--dry-run")
    assert nexts(dry) == [f"task2vec batch {small.sources}{where}"]
    one = cut("emoji_food", Path("photos/birds"), classes=2, images=3)
    assert "1 source: 1 embedded." in cli("batch", one.parent, "--images", 6).err


def test_files_that_are_written_over_are_said_to_be(ask: Cli) -> None:
    for line in ("map -o m.png", "export emoji_food e.npz"):
        first, again = (ask(*line.split()).err for _ in range(2))
        assert "in place of" not in first
        assert f"to {line.split()[-1]} in place of the earlier file" in again


def test_a_folder_of_tasks_and_a_folder_of_classes_lead_to_each_other(
    cli: Cli, store: Path
) -> None:
    for name in ("birds", "dogs"):
        cut("emoji_food", Path("my photos", name), classes=2, images=3)
    embedded = cli("embed", "my photos", "--name", "all", "--images", 6, "--store", store)
    assert embedded.code == 0
    said = "several folders of images and no image itself"
    assert said in embedded.err
    where = f"--store '{store}'"
    assert f"`task2vec batch '{Path.cwd()}/my photos' {where}`" in embedded.err
    assert f"`task2vec remove all {where}`" in embedded.err
    assert cli("remove", "all", "--store", store).code == 0
    assert said not in cli("embed", "my photos/birds", "--images", 6, "--store", store).err

    batch = cli("batch", "my photos/birds", "--store", store)
    assert (batch.code, batch.out) == (2, "")
    assert "which is one task" in batch.err
    assert f"Embed it: `task2vec embed 'my photos/birds' {where}`." in batch.err
    assert cli("batch", "my photos", "--dry-run", "--store", "new").code == 0
    # Beside the class folders may lie an archive of a task.
    shutil.make_archive("my photos/birds/task", "zip", "my photos/birds")
    assert cli("batch", "my photos/birds", "--dry-run", "--store", "new").code == 1


def test_a_number_stays_on_the_line_of_its_unit(on: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = ("outcomes", "add", "efficientnet_lite0", "emoji_food", "--accuracy", 0.5)
    for width in range(40, 80, 7):
        monkeypatch.setitem(os.environ, "COLUMNS", str(width))
        found = on(*outcome)
        assert not any(line.lstrip().startswith("%") for line in found.err.splitlines())
        table = on("outcomes", "list").out
        assert not any(line.lstrip().startswith("%") for line in table.splitlines())
