"""The simple rules, with something to go by and with nothing."""

import pytest
from questions import ask, at, model, outcome

from task2vec.recommendation.answer.answer import simple_rules

PLAIN = model("plain")


def rules(models, **known):
    found = simple_rules(ask(models, **known))
    assert [rule.rule for rule in found] == ["always_default", "average_best", "nearest_only"]
    return {rule.rule: (rule.model, rule.reason) for rule in found}


def test_each_rule_says_when_it_has_nothing_to_go_by():
    assert rules([]) == {
        "always_default": (None, "the default does not pass the limits"),
        "average_best": (None, "no recorded outcomes"),
        "nearest_only": (None, "no known task has an expert"),
    }


def test_always_the_default():
    name, reason = rules([model("other"), PLAIN])["always_default"]
    assert name == "plain"
    assert "for every task" in reason


@pytest.mark.parametrize(
    ("cats", "best", "reason"),
    [
        (0.45, "steady", "gained +2.0 points on average over 2 tasks"),
        (0.60, "bold", "gained +10.0 points on average over 2 tasks"),
    ],
)
def test_the_best_on_average_over_tasks(cats, best, reason):
    outcomes = [
        outcome("plain", "roses", 0.5),
        outcome("bold", "roses", 0.6),
        outcome("steady", "roses", 0.52),
        outcome("plain", "cats", 0.5),
        # On roses bold is better; what it does on cats decides.
        outcome("bold", "cats", cats - 0.05 if cats < 0.5 else cats),
        outcome("steady", "cats", 0.52),
    ]
    models = [PLAIN, model("steady"), model("bold")]
    assert rules(models, outcomes=outcomes)["average_best"] == (best, reason)


def test_the_best_on_average_is_one_that_may_be_taken():
    outcomes = [
        outcome("plain", "roses", 0.5),
        outcome("removed", "roses", 0.9),
        outcome("kept", "roses", 0.4),
    ]
    name, reason = rules([PLAIN, model("kept")], outcomes=outcomes)["average_best"]
    assert (name, reason) == ("kept", "gained -10.0 points on average over 1 task")


def test_the_nearest_source_that_has_an_expert():
    models = [PLAIN, model("far", "cars"), model("near", "roses")]
    found = rules(models, tasks=at(tulips=0.1, roses=0.2, cars=0.5))
    assert found["nearest_only"] == ("near", "the expert of roses, the nearest task that has one")
    assert rules([PLAIN], tasks=at(tulips=0.1))["nearest_only"][0] is None
