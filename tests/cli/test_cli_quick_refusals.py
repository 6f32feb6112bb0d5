"""What can be refused at once is refused before torch is loaded, which takes seconds."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_store import SmallStore

CODE = """
import sys
from task2vec.cli.run import run
code = run(sys.argv[1:])
heavy = {"torch", "sklearn", "timm"} & {*sys.modules}
sys.exit(f"loaded {heavy}" if heavy else code)
"""


@pytest.fixture
def store(small: SmallStore, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small.store, tmp_path / "task2vec-store"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["finetune", "greek_capitls"], "did you mean the task 'greek_capitals'?"),
        (["finetune", "greek_capitals", "--from", "efficientnet_lite9"], "did you mean"),
        (["recommend", "greek_capitls"], "did you mean the task 'greek_capitals'?"),
        (["distance", "greek_capitals", "emoji_fod"], "did you mean the task 'emoji_food'?"),
        (["predict", "efficientnet_lite9", "."], "did you mean"),
        (["models", "export", "efficientnet_lite9", "expert.onnx"], "did you mean"),
        (["embed", "pictures", "--probe", "efficientnet_lite9"], "did you mean"),
        (["recommend", "pictures", "--probe", "efficientnet_lite9"], "did you mean"),
        (["information", "pictures", "--probe", "efficientnet_lite9"], "did you mean"),
        (["information", "nosuch"], "no such file or directory"),
    ],
)
def test_a_misspelt_name_is_refused_before_torch_is_loaded(
    store: Path, two_classes: Path, words: list[str], told: str
) -> None:
    shutil.copytree(two_classes, store.parent / "pictures")
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words],
        cwd=store.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert told.lower() in " ".join(done.stderr.split()).lower()
