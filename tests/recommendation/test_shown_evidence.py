"""What an answer shows of its evidence: what was measured, and what its accuracy rests on."""

import pytest
from questions import NEAR, PLAIN, ask, at, model, outcome, right

from task2vec.client.show.recommendation import of_recommended, reasons
from task2vec.recommendation.answer.answer import rank

ELSEWHERE = [f"t{i}" for i in range(8)]


def answer(*here, elsewhere=True, measured=None):
    known = ELSEWHERE if elsewhere else []
    return rank(
        ask(
            [PLAIN, model("other")],
            tasks=at(**dict.fromkeys(known, NEAR)),
            outcomes=[*(outcome("plain", task, 0.9) for task in known), *here],
            measured=measured,
            target="tsk-here",
        )
    )


def accuracy_line(found):
    (line,) = (line for line in reasons(found) if line.startswith("Expected accuracy"))
    return line


def test_the_gain_that_was_measured_stands_beside_the_one_to_expect():
    # The probe gained 10 points; most of that is noise where 20 images were measured.
    found = answer(measured={"plain": right(10, 20), "other": right(12, 20)})
    sheet = of_recommended(found)
    row = next(row for row in sheet.rows if row[0] == "other")
    assert row[-1] == "probed +10.0"
    assert float(row[2]) < 10.0
    (note,) = (note for note in sheet.notes if note.startswith("Known by"))
    assert "probed, the gain measured by a linear probe" in note
    assert "outcomes" not in note


def test_the_answer_says_what_its_accuracy_rests_on():
    probed = {"plain": right(112, 160)}
    recorded = answer(outcome("plain", "here", 0.5), measured=probed)
    assert recorded.recommendations[0].accuracy_known_by == "outcomes"
    assert accuracy_line(recorded).endswith(
        ", by the default's recorded outcomes on this task, not its linear probe."
    )
    measured = answer(measured=probed)
    assert measured.recommendations[0].accuracy_known_by == "linear_probe"
    assert accuracy_line(measured).endswith(", estimated by a linear probe on 160 images.")
    foretold = answer()
    assert foretold.recommendations[0].accuracy_known_by == "other_tasks"
    assert accuracy_line(foretold).endswith(", by the default's outcomes on other tasks.")
    unknown = answer(elsewhere=False)
    assert unknown.recommendations[0].accuracy_known_by is None
    assert not any("Expected accuracy" in line for line in reasons(unknown))


def numbers(sheet):
    """Return the accuracy and the gain of each row, in points, as they are shown."""
    return {row[0]: (float(row[1].removesuffix(" %")), float(row[2])) for row in sheet.rows}


def test_accuracies_that_are_not_the_defaults_plus_the_gain_are_explained_in_a_line():
    explained = "Go by the gains: accuracies end at 0 and 100 %"
    # Where all is far from 100 %, they add up and nothing is said.
    plain = of_recommended(answer(measured={"plain": right(80, 160), "other": right(88, 160)}))
    default, other = numbers(plain)["plain"], numbers(plain)["other"]
    assert other[0] - default[0] == pytest.approx(other[1], abs=0.11)
    assert not any(note.startswith(explained) for note in plain.notes)
    # Near 100 % they do not.
    high = of_recommended(answer(measured={"plain": right(19, 20)}))
    default, other = numbers(high)["plain"], numbers(high)["other"]
    assert abs(other[0] - default[0] - other[1]) > 0.11
    assert any(note.startswith(explained) for note in high.notes)
    # Without the default in the table there is nothing to compare with.
    alone = answer(measured={"plain": right(19, 20)})
    alone = alone.model_copy(
        update={"recommendations": tuple(e for e in alone.recommendations if e.model == "other")}
    )
    assert not any(note.startswith(explained) for note in of_recommended(alone).notes)
