"""What the process of the API loads: torch and FAISS must never meet there."""

import subprocess
import sys

LOOK = """
import importlib, pkgutil, sys
import task2vec.service, task2vec.store, task2vec.messages, task2vec.recommendation, task2vec_api
for package in (task2vec.service, task2vec.store, task2vec.messages, task2vec_api):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if ".migrations" not in found.name:
            importlib.import_module(found.name)
{then}
heavy = ("torch", "torchvision", "timm", "sklearn", "scipy")
print(sorted(name for name in heavy if name in sys.modules))
"""

USE = """
import json
from pathlib import Path
import numpy as np
from safetensors.numpy import save_file
from task2vec.probe.registry import find_card, known_cards
from task2vec.probe.weight_files import file_hash
from task2vec.finetuning.result import Tuned
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.service.models.timm_snippet import starting_code
from task2vec.service.models.experts import register_tuned
from task2vec.service.models.availability import weights_of
from task2vec.messages.recommendation_question import RecommendationQuestion
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.subjects import resolve
from task2vec.service.workspace import Workspace
from task2vec.service.models.zoo import checked_ref, get_model

assert find_card("efficientnet_lite0") in list(known_cards())
with Workspace(Path(sys.argv[1])) as workspace:
    start = get_model(workspace, "efficientnet_lite0")
    task = workspace.store(create=True).tasks.get("emoji_food")
    seen = {"input_size": 128, "mean": [0.5] * 3, "std": [0.5] * 3}
    about = {"architecture": start.architecture, "preprocessing": seen, "best_epoch": 1}
    path = workspace.path / "new.safetensors"
    save_file({"a": np.ones((2, 3))}, path, {"task2vec": json.dumps(about)})
    tuned = Tuned(correct=(True,) * 3, test_keys=("a", "b", "c"), protocol="ours", epochs=1,
                  best_epoch=1, seconds=1.0, settings=FineTuningSettings(), sha256=file_hash(path))
    with workspace.store().transaction() as connection:
        expert = register_tuned(workspace, tuned, path, name="expert", start=start, task=task,
                                id_="mdl_0", connection=connection)
    assert weights_of(workspace, expert, every_byte=True) == "sound"
    assert checked_ref(workspace, expert).endswith(f"{expert.id}.safetensors")
    assert "load_file" in starting_code(workspace, expert, 4)
    question = RecommendationQuestion(task="fashion_tops")
    answer = recommend(workspace, question, resolve(workspace, "fashion_tops"), measured={})
    assert "expert" in {found.model for found in answer.recommendations}
"""


def loaded(then="", *arguments):
    code = LOOK.format(then=then)
    found = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


def test_the_modules_of_the_api_load_no_torch():
    assert loaded() == "[]"


def test_nor_does_what_they_do_with_models(tmp_path):
    import shutil

    from small_store import build

    store = shutil.copytree(build().store, tmp_path / "store")
    # Ranking needs some linear algebra of scipy, and what training will take the folds of sklearn.
    assert loaded(USE, store) == "['scipy', 'sklearn']"
