"""Questions that a client refuses before it asks anybody, and in which words."""

from pathlib import Path

import pytest

from task2vec import Client
from task2vec.client.questions import ask
from task2vec.errors import SettingError, TooLargeError
from task2vec.messages.outcomes import MOST_OUTCOMES, OutcomesToRemove

# Nothing listens there: what gets so far is another error.
NOBODY = "http://127.0.0.1:9"


def test_of_too_many_outcomes_it_is_told_how_many_go_and_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "o.csv"
    file.write_text("model,task,accuracy\n" + "m,t,0.5\n" * (MOST_OUTCOMES + 1))
    with Client(NOBODY) as client:
        with pytest.raises(TooLargeError) as caught:
            client.outcomes.import_csv(file)
        assert str(caught.value) == (
            "These are too many outcomes for one request: expected at most 10,000, as many as a "
            "server takes at once, got 10,001. Record them in parts: a file of outcomes can be "
            "split."
        )
        with pytest.raises(TooLargeError, match=r"got 10,001\. Remove them in parts"):
            client.outcomes.remove_many(["out_x"] * (MOST_OUTCOMES + 1))


def test_an_empty_protocol_is_refused_in_our_words() -> None:
    with (
        Client(NOBODY) as client,
        pytest.raises(SettingError, match=r"An outcome needs a protocol.*'fine-tuning'"),
    ):
        client.outcomes.add("m", "t", 0.5, protocol="")


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        # Of an item that is wrong no more is told than that.
        ((7,), r"^outcomes\.0 cannot be used: expected a valid string, got 7\.$"),
        ((), r"^outcomes cannot be used.*at least 1 item"),
    ],
)
def test_an_unusable_list_is_told_in_our_words(outcomes: tuple[int, ...], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        ask(OutcomesToRemove, outcomes=outcomes)
