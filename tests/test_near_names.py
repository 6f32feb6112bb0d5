"""Names that are close to one that nothing has."""

from task2vec.types.near_names import did_you_mean, near_names

NAMES = ["birds", "birds-from-efficientnet_lite0", "Dogs", "emoji_food"]


def test_a_beginning_a_part_another_case_and_a_slip_are_near() -> None:
    assert near_names("birds-from", NAMES) == ["birds-from-efficientnet_lite0", "birds"]
    assert near_names("lite0", NAMES) == ["birds-from-efficientnet_lite0"]
    assert near_names("dogs", NAMES) == ["Dogs"]
    assert near_names("emoji_fod", NAMES) == ["emoji_food"]
    assert near_names("zebra", NAMES) == near_names("", NAMES) == []


def test_a_slip_in_a_part_is_near() -> None:
    names = ["cyrillic_capitals", "greek_capitals", "emoji_food", "birds-from-efficientnet_lite0"]
    assert near_names("cyrilic", names) == ["cyrillic_capitals"]
    assert near_names("efficentnet", names) == ["birds-from-efficientnet_lite0"]
    # A part that looks only a little like it is not enough.
    assert near_names("food", ["fold_three"]) == []


def test_at_most_three_are_named() -> None:
    assert len(near_names("a", ["ab", "ac", "ad", "ae"])) == 3
    assert did_you_mean("zebra", NAMES) is None
