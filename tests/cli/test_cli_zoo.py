"""`task2vec models` and `task2vec outcomes`, and `task2vec probes`."""

from pathlib import Path

import pytest
import torch
from command import Cli
from small_store import SmallStore

MODEL = {"id", "ref", "architecture", "task", "parameters", "input_size", "licence"}
ACCURACY = "column accuracy, is unusable: expected a fraction from 0 to 1, such as 0.92"
OUTCOME = {"model", "task", "accuracy", "protocol"}
PACKAGED = ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"]


def test_packaged_models_are_there_from_the_start(cli: Cli, small: SmallStore) -> None:
    fresh = cli("models", "list", "--json").json["models"]
    stored = cli("models", "list", "--store", small.store, "--json").json["models"]

    assert [model["name"] for model in fresh] == PACKAGED
    assert all(set(model) >= MODEL for model in fresh)
    undated = [{**model, "created": ""} for model in stored]
    assert undated == fresh
    # timm says how many parameters the architecture has, its classifier of 1,000 included.
    assert [model["parameters"] for model in fresh] == [4652008, 5416680, 6092072]
    assert not Path("task2vec-store").exists()


def test_a_model_of_the_hub_is_registered_without_a_download(cli: Cli, store: Path) -> None:
    at = ("--store", store, "--json")
    ref = "timm:resnet18.a1_in1k"
    added = cli("models", "add", ref, "--name", "r", "--task", "emoji_food", *at)

    task = cli("show", "emoji_food", *at).json["id"]
    assert (
        added.json.items()
        >= {
            "name": "r",
            "ref": ref,
            "architecture": "resnet18",
            "task": task,
        }.items()
    )
    assert cli("models", "show", "r", *at).json == added.json
    row = cli("models", "list", "--store", store).out.splitlines()[-1].split()
    assert row[:3] == ["r", "resnet18", "emoji_food"]
    assert "resnet18" in cli("models", "show", added.json["id"], "--store", store).out
    assert cli("models", "remove", "r", *at).json["id"] == added.json["id"]
    assert cli("models", "show", "r", *at).code == 2


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
    cli: Cli, store: Path, tmp_path: Path, ref: str, got: str, remedy: str
) -> None:
    torch.save({"weight": torch.zeros(2)}, tmp_path / "x.pt")
    refused = cli("models", "add", ref.format(tmp_path), "--store", store)
    assert refused.code == 2
    said = " ".join(refused.err.split())
    assert got.format(tmp_path) in said
    assert remedy.format(tmp_path) in said
    assert "safetensors" in said
    assert "probe" not in said
    assert [
        row["name"] for row in cli("models", "list", "--store", store, "--json").json["models"]
    ] == PACKAGED


def test_a_model_with_outcomes_needs_cascade(cli: Cli, store: Path) -> None:
    cli("models", "add", "timm:resnet18.a1_in1k", "--name", "r", "--store", store)
    cli("outcomes", "add", "r", "emoji_food", "--accuracy", 0.5, "--store", store)

    refused = cli("models", "remove", "r", "--store", store)
    assert refused.code == 2
    assert "cascade" in refused.err
    assert cli("models", "remove", "r", "--cascade", "--store", store).code == 0
    assert cli("outcomes", "list", "--store", store, "--json").json == {"outcomes": []}


def test_an_outcome_is_listed_as_it_was_added(cli: Cli, store: Path) -> None:
    added = cli(
        *("outcomes", "add", "efficientnet_lite1", "emoji_food", "--accuracy", 0.625),
        *("--protocol", "mine", "--images", 40, "--seed", 3, "--store", store, "--json"),
    ).json

    (listed,) = cli("outcomes", "list", "--store", store, "--json").json["outcomes"]
    assert listed == added
    assert (
        listed.items()
        >= {
            "model": "efficientnet_lite1",
            "task": "emoji_food",
            "accuracy": 0.625,
            "protocol": "mine",
            "images": 40,
            "seed": 3,
        }.items()
    )
    text = cli("outcomes", "list", "--task", "emoji_food", "--store", store).out
    cells = [added["id"], "efficientnet_lite1", "emoji_food", "62.5", "%", "-", "40", "3", "mine"]
    assert text.splitlines()[1].split() == [*cells, added["created"]]
    none = cli("outcomes", "list", "--task", "fashion_tops", "--store", store, "--json")
    assert none.json == {"outcomes": []}


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("model;task;accuracy", "got model;task;accuracy. Save it with commas"),
        ("model,task", "a header with model,task,accuracy and perhaps protocol,images,seed, got"),
        ("model,task,accuracy,model", "got model,task,accuracy,model"),
        ("", "got an empty file"),
    ],
)
def test_a_file_with_another_header_is_refused(
    cli: Cli, store: Path, header: str, told: str
) -> None:
    Path("o.csv").write_text(f"{header}\nefficientnet_lite0,emoji_food,0.5\n" if header else "")
    found = cli("outcomes", "import", "o.csv", "--store", store)
    assert found.code == 2
    assert "o.csv does not hold outcomes" in found.err
    assert told in found.err


def test_outcomes_that_the_default_has_no_counterpart_of_are_told(cli: Cli, store: Path) -> None:
    def add(model: str, task: str, protocol: str) -> str:
        of = ("--accuracy", 0.5, "--protocol", protocol, "--store", store)
        return cli("outcomes", "add", model, task, *of).err

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
    told = cli("outcomes", "import", "o.csv", "--store", store).err
    assert "2 outcomes are not used" in told
    assert "2 of protocol '10 epochs' on emoji_food, fashion_tops" in told

    listed = cli("outcomes", "list", "--store", store, "--json")
    assert len(listed.json["outcomes"]) == 6
    # It was said when they were recorded, and is where they are judged or missing from an answer.
    assert listed.err == ""
    ask = ("recommend", "greek_capitals", "--images", 24, "--budget", 0, "--store", store, "--json")
    for warnings, said, remedy_ends in (
        (cli(*ask), "3 outcomes of protocol '10 epochs' are not used", "`task2vec outcomes list`"),
        (
            cli("backtest", "--store", store, "--json"),
            remedy,
            "`task2vec outcomes list --protocol '10 epochs'`",
        ),
    ):
        (told,) = [warning for warning in warnings.json["warnings"] if "not used" in warning]
        assert said in told
        assert told.endswith(remedy_ends)
    # Neither the task nor the one candidate has such an outcome.
    warned = cli(*ask, "--max-parameters", 4_700_000).json["warnings"]
    assert not [warning for warning in warned if "not used" in warning]

    assert "2 outcomes" not in add("efficientnet_lite0", "emoji_food", "10 epochs")


def test_a_file_of_outcomes_is_imported(cli: Cli, store: Path) -> None:
    # With the mark that spreadsheets put at the beginning.
    Path("o.csv").write_text(
        "\ufeffmodel,task,accuracy,protocol,images,seed\n"
        "efficientnet_lite0,emoji_food,0.5,mine,10,1\n"
        "efficientnet_lite1,fashion_tops,1,,,\n",
        encoding="utf-8",
    )

    told = cli("outcomes", "import", "o.csv", "--store", store, "--json").json

    listed = cli("outcomes", "list", "--store", store, "--json").json["outcomes"]
    assert told == {"imported": 2, "outcomes": listed}
    keys = ("model", "task", "accuracy", "protocol", "images", "seed")
    assert [tuple(row[key] for key in keys) for row in listed] == [
        ("efficientnet_lite0", "emoji_food", 0.5, "mine", 10, 1),
        ("efficientnet_lite1", "fashion_tops", 1.0, "fine-tuning", None, None),
    ]
    assert all(set(row) >= OUTCOME for row in listed)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("nosuch,emoji_food,0.5,,", "nosuch"),
        ("efficientnet_lite0,nosuch,0.5,,", "nosuch"),
        ("efficientnet_lite0,emoji_food,1.5,,", f"{ACCURACY}, got '1.5'"),
        ("efficientnet_lite0,emoji_food,92%,,", f"{ACCURACY}, got '92%'"),
        ('efficientnet_lite0,emoji_food,"0,92",,', f"{ACCURACY}, got '0,92'"),
        ("efficientnet_lite0,emoji_food,nan,,", f"{ACCURACY}, got 'nan'"),
        ("efficientnet_lite0,emoji_food,inf,,", f"{ACCURACY}, got 'inf'"),
        ("efficientnet_lite0,emoji_food,1e999,,", f"{ACCURACY}, got '1e999'"),
        ("efficientnet_lite0,emoji_food,good,,", f"{ACCURACY}, got 'good'"),
        ("efficientnet_lite0,emoji_food,,,", f"{ACCURACY}, got an empty cell"),
        ("efficientnet_lite0,emoji_food,0,92,,", "decimals have a point"),
        ("efficientnet_lite0,emoji_food,0.5,0,", "column images, is unusable: expected a whole"),
        ("efficientnet_lite0,emoji_food,0.5,1e3,", "at least 1, up to 2^53, got '1e3'"),
        ("efficientnet_lite0,emoji_food,0.5,99999999999999999999,", "up to 2^53"),
        ("efficientnet_lite0,emoji_food,0.5,,x", "column seed, is unusable: expected a whole"),
        ("efficientnet_lite0,emoji_food,0.5,,-1", "from 0 to 2^53, got '-1'"),
        ("efficientnet_lite0,emoji_food,0.5,,,more", "more cells"),
        ("efficientnet_lite0", f"{ACCURACY}, got an empty cell"),
    ],
)
def test_one_faulty_line_imports_nothing_and_is_named(
    cli: Cli, store: Path, line: str, fault: str
) -> None:
    good = "efficientnet_lite0,emoji_food,0.5,,\n"
    Path("o.csv").write_text(f"model,task,accuracy,images,seed\n{good}{line}\n{good}")

    found = cli("outcomes", "import", "o.csv", "--store", store)

    assert (found.code, found.out) == (2, "")
    assert "Line 3 of o.csv" in found.err
    assert fault in found.err
    assert cli("outcomes", "list", "--store", store, "--json").json == {"outcomes": []}


def test_the_probes_are_listed(cli: Cli) -> None:
    probes = {probe["name"]: probe for probe in cli("probes", "--json").json["probes"]}

    assert set(probes) >= {*PACKAGED, "resnet34"}
    assert probes["efficientnet_lite0"]["packaged"]
    assert not probes["resnet34"]["packaged"]
    assert "hub (timm:resnet34.tv_in1k)" in cli("probes").out
