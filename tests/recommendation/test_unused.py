"""Outcomes of no use: which they are, and how that is told."""

import pytest
from questions import outcome

from task2vec.recommendation.evidence.gains import GainTable
from task2vec.recommendation.evidence.outcomes import (
    unused_note,
    unused_warning,
    without_default,
)

PLAIN = "mdl-plain"


def test_an_outcome_is_unused_where_the_default_was_not_measured_likewise():
    used = [
        outcome("plain", "roses", 0.7),
        outcome("expert", "roses", 0.9),
        outcome("plain", "roses", 0.7, protocol="q"),
        outcome("plain", "cats", 0.7),
    ]
    unused = [outcome("expert", "cats", 0.9, protocol="q"), outcome("expert", "dogs", 0.9)]
    assert without_default([*used, *unused], PLAIN) == unused
    table = GainTable([*used, *unused], PLAIN)
    assert table.unused == unused
    assert table.count + len(table.unused) == 3
    # What is known elsewhere counts too, and is not itself warned about.
    assert without_default(unused, PLAIN, among=[outcome("plain", "dogs", 0.1)]) == unused[:1]


def test_the_warning_counts_and_names_a_few_and_the_remedy_of_most():
    found = [outcome("a", f"t{i}", 0.5, protocol="it's mine") for i in range(1000)]
    found += [outcome("a", "t0", 0.5, protocol=f"p{i}\n") for i in range(4)]
    (told,) = unused_warning(found, "plain", name_of=lambda task: task.removeprefix("tsk-"))
    assert told.startswith("1,004 outcomes are not used")
    assert "1,000 of protocol 'it's mine' on t0, t1, t2, ...; 1 of protocol 'p0\\n'" in told
    assert "; 2 of other protocols). " in told
    assert "`task2vec outcomes add plain t0 --accuracy A --protocol 'it'\"'\"'s mine'`" in told
    assert told.endswith("`task2vec outcomes list --protocol 'it'\"'\"'s mine'`")
    (note,) = unused_note(found)
    assert note == (
        "1,000 outcomes of protocol 'it's mine', and 4 of other protocols, are not used: the "
        "default has none on the same task. See `task2vec outcomes list`"
    )


@pytest.mark.parametrize("outcomes", [[], [outcome("plain", "roses", 0.7)]])
def test_where_all_are_used_nothing_is_told(outcomes):
    assert unused_warning(without_default(outcomes, PLAIN), "plain") == []
    assert unused_note(without_default(outcomes, PLAIN)) == []
