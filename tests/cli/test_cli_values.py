"""Values of options: counts as people write them, and what is said of unusable ones."""

import pytest
from command import Cli

from task2vec.cli.options import count


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("6M", 6_000_000),
        ("6m", 6_000_000),
        ("4.7M", 4_700_000),
        ("6 M", 6_000_000),
        ("6e6", 6_000_000),
        ("6_000_000", 6_000_000),
        ("6,000,000", 6_000_000),
        ("1.2B", 1_200_000_000),
        ("2G", 2_000_000_000),
        (" 500k ", 500_000),
        # From a settings file.
        (6_000_000, 6_000_000),
        (6e6, 6_000_000),
        ("9007199254740992", 2**53),
    ],
)
def test_counts_are_read_as_people_write_them(given: object, value: int) -> None:
    assert count(given) == value


@pytest.mark.parametrize(
    "given",
    [
        "",
        "M",
        "6X",
        "-6M",
        "0",
        "0.5",
        "1e30",
        "9007199254740993",
        "nan",
        "inf",
        "6MM",
        "1,5M",
        "6,000,00",
        True,
        "1e999",
    ],
)
def test_anything_else_is_no_count(given: object) -> None:
    with pytest.raises(ValueError, match="expected a count of at least 1, such as 6000000, 6M or"):
        count(given)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["recommend", "x", "--max-parameters", "6X"], "'--max-parameters': expected a count"),
        (["models", "published", "--max-operations", "0"], "or 6e6, got '0'"),
        (["recommend", "x", "--max-input-size", "128px"], "expected a whole number, got '128px'"),
        (["recommend", "x", "--max-input-size", "0"], "'--max-input-size': expected at least 1"),
        (["recommend", "x", "--budget", "1m"], "'--budget': expected a number, got '1m'"),
        (["recommend", "x", "--budget", "-1"], "expected at least 0, got '-1'"),
        (["recommend", "x", "-k", "many"], "'-k': expected a whole number, got 'many'"),
        (["outcomes", "add", "m", "t", "--accuracy", "92%"], "expected a number, got '92%'"),
    ],
)
def test_an_unusable_value_is_told_in_plain_words(
    cli: Cli, arguments: list[str], told: str
) -> None:
    found = cli(*arguments)
    assert found.code == 2
    assert told in found.err
    for theirs in ("Input should be", "Value error", "parse"):
        assert theirs not in found.err


def test_a_count_limits_the_published_models(cli: Cli) -> None:
    small, same = (
        cli("models", "published", "--max-parameters", most, "--json").json
        for most in ("4.7M", "4700000")
    )
    assert small == same
    assert small["models"]
