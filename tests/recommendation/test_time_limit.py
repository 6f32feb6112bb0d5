"""What a person's time leaves to choose from, and what the answer says of the rest."""

import pytest
from questions import PLAIN, ask, found, model, right

from task2vec.data.durations import seconds_of
from task2vec.errors import SettingError
from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.answer.question import TimeLimit
from task2vec.types.tuning import RECIPES, Recipe

OTHER = model("other")
#: With 100 images and a default that gets 6 of 10 right, training all layers promises most.
PROBES = {"plain": right(60, 100), "other": right(85, 100)}


def seconds(*taken):
    """The seconds of the three recipes."""
    return dict(zip(RECIPES, map(float, taken), strict=True))


def answer(*, plain, other, left=580, whole=600, models=(PLAIN, OTHER), **known):
    """Return the answer with so many seconds for each model, and so many left."""
    times = {"mdl-plain": seconds(*plain), "mdl-other": seconds(*other)}
    limit = TimeLimit(whole, left)
    return rank(ask([*models], measured=PROBES, seconds=times, limit=limit, **known))


def test_without_a_limit_times_are_told_and_decide_nothing():
    times = {"mdl-plain": seconds(10, 200, 10_000), "mdl-other": seconds(20, 300, 20_000)}
    plain = rank(ask([PLAIN, OTHER], measured=PROBES))
    timed = rank(ask([PLAIN, OTHER], measured=PROBES, seconds=times))
    assert (timed.chosen, timed.recipe) == (plain.chosen, plain.recipe) == ("other", "all-layers")
    assert timed.time_reason is None
    assert [plan.seconds for plan in found(timed, "other").plans] == [20, 300, 20_000]
    assert {plan.seconds for plan in found(plain, "other").plans} == {None}


def test_a_recipe_that_takes_too_long_is_not_chosen_and_the_answer_says_so():
    found = answer(plain=(10, 200, 840), other=(10, 200, 840))
    assert (found.chosen, found.recipe) == ("other", Recipe.LAST_STAGE)
    assert found.time_reason == "All layers take about 14 min, more than the 10 min you have."
    found = answer(plain=(10, 640, 840), other=(10, 640, 840))
    assert found.recipe is Recipe.LINEAR_PROBE
    assert found.time_reason == (
        "The last stage takes about 11 min and all layers take about 14 min, more than the 10 min "
        "you have."
    )


def test_what_measuring_took_is_not_there_for_training():
    found = answer(plain=(10, 200, 590), other=(10, 200, 590))
    assert found.recipe is Recipe.LAST_STAGE
    assert found.time_reason == (
        "All layers take about 9 min 50 s, more than the 9 min 40 s that measuring leaves of your "
        "10 min."
    )
    assert answer(plain=(10, 200, 580), other=(10, 200, 580)).time_reason is None


def test_a_model_that_takes_too_long_is_not_chosen_and_is_named():
    found = answer(plain=(10, 200, 500), other=(20, 400, 900))
    assert (found.chosen, found.recipe, found.abstained) == ("plain", Recipe.ALL_LAYERS, True)
    assert found.time_reason == (
        "With all layers trained, other takes about 15 min, more than the 10 min you have."
    )
    # It stays in the table.
    assert {each.model for each in found.recommendations} == {"plain", "other"}


def test_a_default_that_takes_too_long_gives_way_to_what_fits():
    found = answer(plain=(700, 800, 900), other=(20, 400, 900))
    assert (found.chosen, found.abstained) == ("other", False)
    assert found.recipe in (Recipe.LINEAR_PROBE, Recipe.LAST_STAGE)


@pytest.mark.parametrize("cheaper", [False, True])
def test_where_nothing_fits_the_cheapest_is_named_with_its_time(cheaper):
    # A few seconds less may be noise: the default is left for what takes clearly less.
    times = {"plain": (900, 950, 990), "other": (660 if cheaper else 750, 900, 1000)}
    found = answer(**times)
    name, minutes = ("other", "11 min") if cheaper else ("plain", "15 min")
    assert found.abstained is not cheaper
    assert (found.chosen, found.recipe) == (name, Recipe.LINEAR_PROBE)
    assert found.time_reason == (
        f"Nothing fits: {name} with a linear probe takes least, about {minutes}, more than the "
        "10 min you have."
    )


def test_measuring_that_used_up_the_time_is_said():
    found = answer(plain=(20, 200, 500), other=(20, 200, 500), whole=30, left=-4)
    assert found.time_reason == (
        "Nothing fits: plain with a linear probe takes least, about 20 s, and measuring used up "
        "your 30 s."
    )


def test_a_recipe_that_was_asked_for_is_the_only_one_even_if_it_takes_too_long():
    found = answer(plain=(1, 2, 900), other=(1, 2, 900), recipes=(Recipe.ALL_LAYERS,))
    assert found.recipe is Recipe.ALL_LAYERS
    assert found.time_reason.startswith("Nothing fits: plain with all layers trained takes least")


def test_a_time_that_nobody_knows_decides_nothing_and_that_is_said():
    found = rank(ask([PLAIN, OTHER], measured=PROBES, limit=TimeLimit(1.0, 1.0)))
    assert (found.chosen, found.recipe) == ("other", Recipe.ALL_LAYERS)
    assert found.time_reason == (
        "How long training takes is not known here, so the time was not used."
    )


def test_a_time_that_looks_the_same_is_said_to_be_a_little_more():
    found = answer(plain=(20, 200, 610), other=(20, 200, 610))
    assert found.time_reason == (
        "All layers take about 10 min, a little more than the 10 min you have."
    )
    found = answer(plain=(20, 200, 300.4), other=(20, 200, 300.4), left=300)
    assert found.time_reason == (
        "All layers take about 5 min, a little more than the 5 min that measuring leaves of your "
        "10 min."
    )


@pytest.mark.parametrize(
    "text", ["", "soon", "m", "1h30", "1h30m", "90 s", "5m 30s", "-5m", "1.5h"]
)
def test_durations(text):
    read = {"1h30m": 5400.0, "90 s": 90.0, "5m 30s": 330.0}
    if text in read:
        assert seconds_of(text) == read[text]
        return
    with pytest.raises(SettingError, match="cannot be read"):
        seconds_of(text)


@pytest.mark.parametrize("number", ["2", "90", "1.5", " 10 "])
def test_a_duration_without_a_unit_is_asked_for_one(number):
    with pytest.raises(SettingError, match="has no unit") as raised:
        seconds_of(number)
    assert (
        raised.value.expected == f"{number.strip()}m for minutes, or {number.strip()}s for seconds"
    )
