"""What the file of an expert states of its classifier."""

import json
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from task2vec.errors import InputError, WeightsError
from task2vec.finetuning.card import read_classifier_card
from task2vec.finetuning.temperature import FEW_IMAGES, Temperature

WHOLE = {
    "classes": ["b", "a", "ü"],
    "temperature": 1.25,
    "calibration_images": 60,
    "task": "letters",
    "architecture": "resnet18",
}


@pytest.fixture
def write(tmp_path):
    def write(stated):
        text = stated if isinstance(stated, str) else json.dumps(stated)
        metadata = {} if stated is None else {"task2vec": text}
        save_file({"fc.bias": np.zeros(3, np.float32)}, tmp_path / "e.safetensors", metadata)
        return tmp_path / "e.safetensors"

    return write


def test_classes_keep_their_order(write):
    card = read_classifier_card(write(WHOLE), name="expert")
    assert card.classes == ("b", "a", "ü")
    assert card.temperature == Temperature(1.25, 60)
    assert (card.name, card.task, card.warnings) == ("expert", "letters", ())


def test_few_images_of_calibration_are_told(write):
    card = read_classifier_card(write({**WHOLE, "calibration_images": FEW_IMAGES - 1}), name="e")
    assert card.temperature.value == 1.25
    assert f"{FEW_IMAGES - 1} images only" in card.warnings[0]


def test_a_file_of_an_earlier_version_is_not_calibrated_and_says_so(write):
    old = {k: v for k, v in WHOLE.items() if k not in ("temperature", "calibration_images")}
    card = read_classifier_card(write(old), name="expert")
    assert card.temperature.value == 1.0
    (warning,) = card.warnings
    assert "expert was made by an earlier version" in warning


@pytest.mark.parametrize("stated", [None, {}, {"architecture": "resnet18"}])
def test_a_plain_model_is_refused_with_the_remedy(write, stated):
    with pytest.raises(InputError, match=r"'plain' has no classes.*finetune FOLDER --from plain"):
        read_classifier_card(write(stated), name="plain")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"classes": "abc"}, "classes"),
        ({"classes": ["a"]}, "classes"),
        ({"classes": ["a", 3]}, "classes"),
        ({"classes": ["a", "a"]}, "two classes of one name"),
        ({"temperature": 0}, "temperature"),
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"calibration_images": -1}, "calibration_images"),
    ],
)
def test_what_makes_no_sense_is_named(write, change, told):
    with pytest.raises(WeightsError, match=told):
        read_classifier_card(write({**WHOLE, **change}), name="e")


@pytest.mark.parametrize("text", ["no json", "[]", '{"classes": ["a", "b"], "temperature": 1e999}'])
def test_what_is_no_statement_is_refused(write, text):
    with pytest.raises(WeightsError):
        read_classifier_card(write(text), name="e")


def test_reading_it_loads_no_torch():
    code = (
        "import sys, task2vec.finetuning.card, task2vec.jobs.predict\n"
        "print([m for m in ('torch', 'scipy', 'faiss') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
