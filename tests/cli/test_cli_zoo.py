"""`task2vec models` and the files of `task2vec outcomes import`."""

from pathlib import Path

import pytest
import torch
from command import Cli

ACCURACY = "column accuracy, is unusable: expected a fraction from 0 to 1, such as 0.92"
PACKAGED = ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"]


def test_packaged_models_are_there_without_a_store(cli: Cli) -> None:
    models = cli("models", "list", "--json").json["models"]

    assert [model["name"] for model in models] == PACKAGED
    # timm says how many parameters the architecture has, its classifier of 1,000 included.
    assert [model["parameters"] for model in models] == [4652008, 5416680, 6092072]
    assert not Path("task2vec-store").exists()


def test_the_table_names_the_task_of_an_expert(on: Cli) -> None:
    added = on("models", "add", "timm:resnet18.a1_in1k", "--name", "r", "--task", "emoji_food")

    assert (added.code, added.out) == (0, "")
    assert "Registered r (timm:resnet18.a1_in1k)." in added.err
    row = on("models", "list").out.splitlines()[-1].split()
    assert row[:3] == ["r", "resnet18", "emoji_food"]
    assert "resnet18" in on("models", "show", "r").out


@pytest.mark.parametrize(
    ("ref", "got", "remedy"),
    [
        (
            "{0}/x.pt",
            "got the path {0}/x.pt",
            "task2vec models add 'file:{0}/x.safetensors?arch=NAME'",
        ),
        ("file:{0}/x.pt?arch=resnet18", "PyTorch's own format", "safetensors.torch.save_file"),
        ("vit_huge", "got vit_huge", "task2vec models published"),
        ("efficientnet_lite3", "got efficientnet_lite3", "Did you mean"),
    ],
)
def test_a_model_that_cannot_be_added_is_told_what_a_model_is(
    on: Cli, tmp_path: Path, ref: str, got: str, remedy: str
) -> None:
    torch.save({"weight": torch.zeros(2)}, tmp_path / "x.pt")
    refused = on("models", "add", ref.format(tmp_path))
    said = " ".join(refused.err.split())
    assert refused.code == 2
    for told in (got.format(tmp_path), remedy.format(tmp_path), "safetensors"):
        assert told in said
    assert "probe" not in said
    assert [row["name"] for row in on("models", "list", "--json").json["models"]] == PACKAGED


def test_a_model_with_outcomes_needs_cascade(on: Cli) -> None:
    on("models", "add", "timm:resnet18.a1_in1k", "--name", "r")
    on("outcomes", "add", "r", "emoji_food", "--accuracy", 0.5)

    refused = on("models", "remove", "r")
    assert refused.code == 2
    assert "cascade" in refused.err
    assert on("models", "remove", "r", "--cascade").code == 0
    assert on("outcomes", "list", "--json").json == {"outcomes": []}


def test_outcomes_that_the_default_has_no_counterpart_of_are_told(on: Cli) -> None:
    def add(model: str, task: str, protocol: str) -> str:
        return on("outcomes", "add", model, task, "--accuracy", 0.5, "--protocol", protocol).err

    assert "not used" not in add("efficientnet_lite0", "emoji_food", "probe")
    assert "not used" not in add("efficientnet_lite1", "emoji_food", "probe")
    told = add("efficientnet_lite1", "emoji_food", "10 epochs")
    assert "1 outcome is not used" in told
    remedy = "outcomes add efficientnet_lite0 emoji_food --accuracy A --protocol '10 epochs'"
    assert remedy in told
    Path("o.csv").write_text(
        "model,task,accuracy,protocol\n"
        "efficientnet_lite2,emoji_food,0.5,10 epochs\n"
        "efficientnet_lite2,fashion_tops,0.5,10 epochs\n"
        "efficientnet_lite2,emoji_food,0.5,probe\n"
    )
    told = on("outcomes", "import", "o.csv").err
    assert "2 outcomes are not used" in told
    assert "2 of protocol '10 epochs' on emoji_food, fashion_tops" in told

    # It was said when they were recorded, and is where they are judged or missing from an answer.
    assert on("outcomes", "list", "--json").err == ""
    asked = ("recommend", "greek_capitals", "--images", 24, "--budget", 0, "--json")
    listed = "`task2vec outcomes list --protocol '10 epochs'`"
    for answer, said, ends in (
        (on(*asked), "3 outcomes of protocol '10 epochs' are not used", "`task2vec outcomes list`"),
        (on("backtest", "--json"), remedy, listed),
    ):
        (told,) = [warning for warning in answer.json["warnings"] if "not used" in warning]
        assert said in told
        assert told.endswith(ends)
    # Neither the task nor the one candidate has such an outcome.
    warned = on(*asked, "--max-parameters", 4_700_000).json["warnings"]
    assert not [warning for warning in warned if "not used" in warning]
    assert "2 outcomes" not in add("efficientnet_lite0", "emoji_food", "10 epochs")


def test_a_file_of_outcomes_is_imported(on: Cli) -> None:
    # With the mark that spreadsheets put at the beginning.
    Path("o.csv").write_text(
        "\ufeffmodel,task,accuracy,protocol,images,seed\n"
        "efficientnet_lite0,emoji_food,0.5,mine,10,1\n"
        "efficientnet_lite1,fashion_tops,1,,,\n",
        encoding="utf-8",
    )

    told = on("outcomes", "import", "o.csv", "--json").json

    listed = on("outcomes", "list", "--json").json["outcomes"]
    assert told == {"imported": 2, "outcomes": listed}
    keys = ("model", "task", "accuracy", "protocol", "images", "seed")
    assert [tuple(row[key] for key in keys) for row in listed] == [
        ("efficientnet_lite0", "emoji_food", 0.5, "mine", 10, 1),
        ("efficientnet_lite1", "fashion_tops", 1.0, "fine-tuning", None, None),
    ]


HEADER = "model,task,accuracy,images,seed"
GOOD = "efficientnet_lite0,emoji_food,0.5,,"


@pytest.mark.parametrize(
    ("header", "line", "fault"),
    [
        ("model;task;accuracy", GOOD, "got model;task;accuracy. Save it with commas"),
        (
            "model,task",
            GOOD,
            "a header with model,task,accuracy and perhaps protocol,images,seed, got",
        ),
        ("model,task,accuracy,model", GOOD, "got model,task,accuracy,model"),
        ("", "", "got an empty file"),
        *(
            (HEADER, line, fault)
            for line, fault in [
                ("nosuch,emoji_food,0.5,,", "nosuch"),
                ("efficientnet_lite0,nosuch,0.5,,", "nosuch"),
                ("efficientnet_lite0", "column task, is unusable: expected a name"),
                *(
                    (f"efficientnet_lite0,emoji_food,{cells}", fault)
                    for cells, fault in [
                        ("1.5,,", f"{ACCURACY}, got '1.5'"),
                        ("92%,,", f"{ACCURACY}, got '92%'"),
                        ('"0,92",,', f"{ACCURACY}, got '0,92'"),
                        ("nan,,", f"{ACCURACY}, got 'nan'"),
                        ("1e999,,", f"{ACCURACY}, got '1e999'"),
                        (",,", f"{ACCURACY}, got an empty cell"),
                        ("0,92,,", "decimals have a point"),
                        ("0.5,0,", "column images, is unusable: expected a whole"),
                        ("0.5,1e3,", "at least 1, up to 2^53, got '1e3'"),
                        ("0.5,99999999999999999999,", "up to 2^53"),
                        ("0.5,,x", "column seed, is unusable: expected a whole"),
                        ("0.5,,-1", "from 0 to 2^53, got '-1'"),
                        ("0.5,,,more", "more cells"),
                    ]
                ),
            ]
        ),
    ],
)
def test_one_fault_of_a_file_imports_nothing_and_is_named(
    on: Cli, header: str, line: str, fault: str
) -> None:
    Path("o.csv").write_text(f"{header}\n{GOOD}\n{line}\n{GOOD}\n" if header else "")

    found = on("outcomes", "import", "o.csv")

    assert (found.code, found.out) == (2, "")
    where = "Line 3 of o.csv" if header == HEADER else "o.csv does not hold outcomes"
    assert where in found.err
    assert fault in found.err
    assert on("outcomes", "list", "--json").json == {"outcomes": []}
