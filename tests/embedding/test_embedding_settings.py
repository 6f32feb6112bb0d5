import pytest

from task2vec.embedding.settings import EmbeddingSettings
from task2vec.errors import SettingError, WrongTypeError


@pytest.mark.parametrize(
    ("name", "least"), [("images", 2), ("draws", 1), ("seed", 0), ("batch_size", 1)]
)
def test_counts(name, least):
    assert getattr(EmbeddingSettings(**{name: least}), name) == least
    with pytest.raises(SettingError, match=f"{name} is too small: expected at least {least}"):
        EmbeddingSettings(**{name: least - 1})


@pytest.mark.parametrize("name", ["head_penalty", "prior_precision"])
@pytest.mark.parametrize("value", [0, -0.1, float("nan"), float("inf")])
def test_positive_numbers(name, value):
    assert getattr(EmbeddingSettings(**{name: 1e-12}), name) == 1e-12
    with pytest.raises(SettingError, match=f"{name} is unusable"):
        EmbeddingSettings(**{name: value})


@pytest.mark.parametrize("name", ["images", "standard_error"])
def test_what_is_no_number(name):
    with pytest.raises(WrongTypeError, match=name):
        EmbeddingSettings(**{name: "many"})
