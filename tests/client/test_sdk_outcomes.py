"""Outcomes that a client refuses before it asks anybody."""

from pathlib import Path

import pytest
from scripted import Script

from task2vec.client.operations.outcomes import add_outcome, import_outcomes, remove_outcomes
from task2vec.client.senders import Direct
from task2vec.errors import SettingError, TooLargeError
from task2vec.messages.outcomes import MOST_OUTCOMES

SENDER = Direct()


def test_of_too_many_outcomes_it_is_told_how_many_go_and_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "o.csv"
    file.write_text("model,task,accuracy\n" + "m,t,0.5\n" * (MOST_OUTCOMES + 1))
    with pytest.raises(TooLargeError) as caught:
        Script([]).run(import_outcomes(SENDER, file))
    assert str(caught.value) == (
        "These are too many outcomes for one request: expected at most 10,000, as many as a server "
        "takes at once, got 10,001. Record them in parts: a file of outcomes can be split."
    )
    with pytest.raises(TooLargeError, match=r"got 10,001\. Remove them in parts"):
        Script([]).run(remove_outcomes(SENDER, ["out_x"] * (MOST_OUTCOMES + 1)))


def test_an_empty_protocol_is_refused_in_our_words() -> None:
    with pytest.raises(SettingError, match=r"An outcome needs a protocol.*'fine-tuning'"):
        Script([]).run(add_outcome(SENDER, "m", "t", 0.5, protocol=""))
