from dataclasses import replace

import pytest

from task2vec.errors import SettingError
from task2vec.probe.card import Preprocessing, ProbeCard, read_card

TEXT = """
name = "small"
architecture = "resnet18"
weights = "timm:resnet18.tv_in1k"
licence = "BSD-3-Clause"
parameters = 11689512
description = "a small one"

[preprocessing]
input_size = 96
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 1]
interpolation = "bilinear"
"""

CARD = ProbeCard(
    name="small",
    architecture="resnet18",
    weights="timm:resnet18.tv_in1k",
    preprocessing=Preprocessing(96, (0.485, 0.456, 0.406), (0.229, 0.224, 1.0), "bilinear"),
    licence="BSD-3-Clause",
    parameters=11_689_512,
    description="a small one",
)


def test_reads_toml(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(TEXT)
    assert read_card(path) == CARD


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('name = "small"', "name = ", "line 2"),
        ('name = "small"', "", "'name'"),
        ('name = "small"', 'name = "small"\ncolour = "red"', "'colour'"),
        ("[preprocessing]", "[other]", "'preprocessing'"),
        ("input_size = 96", "", "'input_size'"),
        ("input_size = 96", "input_size = 4", "input_size"),
        ("input_size = 96", "input_size = 96.5", "input_size"),
        ("input_size = 96", 'input_size = "96"', "input_size"),
        ("mean = [0.485, 0.456, 0.406]", "mean = 0.5", "mean"),
        ("mean = [0.485, 0.456, 0.406]", "mean = [0.5, 0.5]", "mean"),
        ("mean = [0.485, 0.456, 0.406]", 'mean = "abc"', "mean"),
        ("std = [0.229, 0.224, 1]", "std = [0.229, 0.0, 1]", "std"),
        ("std = [0.229, 0.224, 1]", "std = [0.229, nan, 1]", "std"),
        ('"bilinear"', '"lanczos"', "interpolation"),
        ("parameters", 'layers = "some"\nparameters', "'some'"),
        ("a small one", "\udcff", "utf-8"),
    ],
)
def test_faults_name_the_file_and_the_key(tmp_path, old, new, named):
    path = tmp_path / "small.toml"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new), encoding="utf-8", errors="surrogateescape")
    with pytest.raises(SettingError, match=r"small\.toml") as raised:
        read_card(path)
    assert named in str(raised.value)


def test_a_card_that_is_not_there(tmp_path):
    with pytest.raises(SettingError, match=r"none\.toml"):
        read_card(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "other",
    [
        replace(CARD, architecture="resnet34"),
        CARD.at(128),
        CARD.counting("depthwise"),
        replace(CARD, preprocessing=replace(CARD.preprocessing, mean=(0.485, 0.456, 0.4))),
        replace(CARD, preprocessing=replace(CARD.preprocessing, std=(0.229, 0.224, 0.9))),
        replace(CARD, preprocessing=replace(CARD.preprocessing, interpolation="bicubic")),
    ],
)
def test_fingerprint_tells_probes_apart(other):
    assert other.fingerprint("ab") != CARD.fingerprint("ab")


def test_fingerprint_tells_weights_apart():
    assert CARD.fingerprint("ab") != CARD.fingerprint("ac")


def test_fingerprint_is_not_of_the_name():
    other = replace(
        CARD, name="big", weights="file:/x", licence="MIT", description="", parameters=1
    )
    assert other.fingerprint("ab") == CARD.fingerprint("ab")


def test_whole_numbers_are_the_same_preprocessing():
    whole = replace(CARD, preprocessing=Preprocessing(96, (0, 0, 0), (1, 1, 1)))
    real = replace(CARD, preprocessing=Preprocessing(96, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)))
    assert whole.fingerprint("ab") == real.fingerprint("ab")


def test_counted_layers_are_read(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(TEXT.replace("parameters", 'layers = "depthwise"\nparameters'))
    card = read_card(path)
    assert card == CARD.counting("depthwise")
    assert card.counting("all") == CARD


def test_another_size_changes_nothing_else():
    assert CARD.at(224).at(96) == CARD
    assert CARD.at(224).preprocessing.input_size == 224
    with pytest.raises(SettingError, match="8 to 2048"):
        CARD.at(2049)
