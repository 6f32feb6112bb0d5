from dataclasses import replace

import pytest

from task2vec.errors import SettingError, UnknownNameError
from task2vec.probe.card import ProbeCard
from task2vec.probe.registry import (
    DEFAULT_PROBE,
    find_card,
    known_cards,
    load_card,
    probe_sources,
)
from task2vec.types import CountedLayers


def test_shipped_probes():
    names = [card.name for card in known_cards()]
    assert names == sorted(names)
    assert {DEFAULT_PROBE, "efficientnet_lite1", "efficientnet_lite2", "resnet18", "resnet34"} <= {
        *names
    }
    assert [c.name for c in known_cards() if c.packaged] == [n for n in names if "lite" in n]


def test_sources_are_found_once():
    assert probe_sources() is probe_sources()


def test_finds_by_name():
    card = find_card("efficientnet_lite0")
    assert card.architecture == "tf_efficientnet_lite0"
    assert card.preprocessing.input_size == 128


def test_finds_at_another_size():
    card = find_card("efficientnet_lite0?input_size=64")
    assert card == replace(find_card("efficientnet_lite0").at(64), options="?input_size=64")
    assert card.preprocessing.input_size == 64


def test_finds_with_other_layers():
    card = find_card("efficientnet_lite0")
    assert card.layers is CountedLayers.DEPTHWISE
    other = find_card("efficientnet_lite0?layers=all")
    assert other == replace(card, layers=CountedLayers.ALL, options="?layers=all", elements=None)
    both = find_card("efficientnet_lite0?layers=all&input_size=64")
    assert both == replace(other.at(64), options="?input_size=64&layers=all")
    # One probe has one name.
    assert find_card("efficientnet_lite0?layers=depthwise&input_size=128") == card
    assert find_card("resnet18").layers is CountedLayers.ALL


def test_refuses_unknown_layers():
    with pytest.raises(SettingError, match="all or depthwise"):
        find_card("efficientnet_lite0?layers=late")


def test_finds_a_reference_at_another_size():
    card = find_card("timm:resnet18.tv_in1k?input_size=64")
    assert card.preprocessing.input_size == 64
    assert card.architecture == "resnet18"


@pytest.mark.parametrize("reference", ["efficientnet", "", "EFFICIENTNET_LITE0", "http://x/y"])
def test_an_unknown_name_is_answered_with_the_known_ones(reference):
    with pytest.raises(UnknownNameError) as raised:
        find_card(reference)
    for card in known_cards():
        assert card.name in str(raised.value)
    assert raised.value.got == reference


@pytest.mark.parametrize(
    "query",
    [
        "input_size",
        "input_size=",
        "input_size=big",
        "input_size=-64",
        "input_size=64.0",
        "input_size=64&seed=1",
        "layers=all&input_size=",
        "layers=all&seed=",
        "layers=all&layers=depthwise",
        "layers=",
        "size=64",
        "input_size=" + 5000 * "9",
    ],
)
def test_refuses_other_options(query):
    with pytest.raises(SettingError, match="input_size=PIXELS"):
        find_card(f"efficientnet_lite0?{query}")


@pytest.mark.parametrize("size", [7, 2049])
def test_refuses_sizes_out_of_range(size):
    with pytest.raises(SettingError, match="8 to 2048 pixels"):
        find_card(f"efficientnet_lite0?input_size={size}")


def test_a_card_that_no_package_can_load():
    card = ProbeCard(
        name="x",
        architecture="resnet18",
        weights="ftp:somewhere",
        preprocessing=find_card(DEFAULT_PROBE).preprocessing,
        licence="unknown",
    )
    with pytest.raises(UnknownNameError, match="ftp:somewhere"):
        load_card(card)
