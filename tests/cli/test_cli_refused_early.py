"""What can be refused is refused before the work, and before torch is loaded."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import small_store
from command import Cli
from small_expert import add_expert, expert_file
from small_store import SmallStore

WORKED = "task2vec.service.workspace._local_engine"


@pytest.mark.parametrize("name", ["no folder/small.onnx", "small.x"])
def test_an_expert_without_a_place_is_not_computed(
    on: Cli, store: Path, small: SmallStore, tmp_path: Path, name: str, monkeypatch
) -> None:
    (tmp_path / "expert").mkdir()
    add_expert(store, expert_file(tmp_path / "expert", small.sources / "emoji_food"))
    monkeypatch.setattr(WORKED, lambda: pytest.fail("worked"))

    found = on("models", "export", "small", tmp_path / name)

    assert (found.code, found.out) == (2, "")
    assert ("a folder that exists" if "folder" in name else ".safetensors or .onnx") in found.err


@pytest.mark.parametrize(
    ("arguments", "work"),
    [
        (["backtest"], "task2vec.jobs.backtest.backtest"),
        (["information", "emoji_food"], "task2vec.embedding.information.measure_information"),
        (["models", "published"], "task2vec.service.models.published.page_of_published"),
        (["map"], "task2vec.plots.layout.lay_out"),
        (["evaluate", "small", "emoji_food"], "task2vec.jobs.evaluate.evaluate"),
    ],
    ids=lambda given: given[0] if isinstance(given, list) else "",
)
@pytest.mark.parametrize(
    ("picture", "told"), [("x.txt", "ends in .png"), ("nowhere/x.png", "a folder that exists")]
)
def test_a_picture_without_a_place_is_not_computed(
    cli: Cli, small: SmallStore, monkeypatch, arguments: list[str], work: str, picture, told: str
) -> None:
    monkeypatch.setattr(work, lambda *_, **__: pytest.fail("worked"))
    given = [small.sources / each if each in small_store.TASKS else each for each in arguments]
    stored = () if arguments[0] == "information" else ("--store", small.store)

    found = cli(*given, *stored, "-o", picture)

    assert (found.code, found.out) == (2, "")
    assert told in " ".join(found.err.split())


@pytest.mark.parametrize("larger", [0, 1], ids=["no class of two", "one class of two"])
def test_what_cannot_be_measured_is_not_advised(
    cli: Cli, small: SmallStore, tmp_path: Path, larger: int
) -> None:
    source = small_store.cut("emoji_food", tmp_path / "single", classes=3, images=1)
    small_store.cut("emoji_food", tmp_path / "more", classes=larger, images=4)
    for label in (tmp_path / "more").glob("*"):
        shutil.copytree(label, source / label.name, dirs_exist_ok=True)

    found = cli("recommend", source, "--json").json

    assert any("two classes with two different images" in warning for warning in found["warnings"])
    assert found["abstained"] is True
    assert "--budget" not in found["reason"]


#: Command lines that are refused without torch, and a part of the message.
REFUSED = {
    "finetune greek_capitls": "did you mean the task 'greek_capitals'?",
    "finetune greek_capitals --from efficientnet_lite9": "did you mean",
    "recommend greek_capitls": "did you mean the task 'greek_capitals'?",
    "distance greek_capitals emoji_fod": "did you mean the task 'emoji_food'?",
    "predict efficientnet_lite9 .": "did you mean",
    "models export efficientnet_lite9 expert.onnx": "did you mean",
    "embed pictures --probe efficientnet_lite9": "did you mean",
    "recommend pictures --probe efficientnet_lite9": "did you mean",
    "information pictures --probe efficientnet_lite9": "did you mean",
    "information nosuch": "no such file or directory",
}
CODE = """
import sys
from task2vec.cli.run import run
for line in sys.argv[1:]:
    print(line, "->", run(line.split()), sorted({"torch", "sklearn", "timm"} & {*sys.modules}))
    print(file=sys.stderr)
"""


def test_a_misspelt_name_is_refused_before_torch_is_loaded(
    small: SmallStore, tmp_path: Path, two_classes: Path
) -> None:
    shutil.copytree(small.store, tmp_path / "task2vec-store")
    (tmp_path / "pictures").symlink_to(two_classes)
    done = subprocess.run(
        [sys.executable, "-c", CODE, *REFUSED], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [f"{line} -> 2 []" for line in REFUSED]
    for said, told in zip(done.stderr.split("\n\n")[:-1], REFUSED.values(), strict=True):
        assert told.lower() in " ".join(said.split()).lower()
