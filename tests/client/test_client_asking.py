"""What is said of arguments that cannot be used."""

import pytest

from task2vec.client.questions import ask
from task2vec.errors import SettingError
from task2vec.messages.outcomes import OutcomesToRemove


def test_of_an_item_that_is_wrong_no_more_is_told_than_that() -> None:
    with pytest.raises(SettingError) as caught:
        ask(OutcomesToRemove, outcomes=(7,))
    assert str(caught.value) == "outcomes.0 cannot be used: expected a valid string, got 7."


def test_a_list_that_is_too_short_is_told_to_be() -> None:
    with pytest.raises(SettingError, match=r"^outcomes cannot be used.*at least 1 item"):
        ask(OutcomesToRemove, outcomes=())
