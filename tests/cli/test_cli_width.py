"""Every table holds in a terminal of 80 columns, and uses one of 200."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import backtest_store
import pytest
from command import Cli, Result
from small_expert import add_expert, expert_file
from small_store import USED, SmallStore, snapshot

from task2vec.cli.output import print_sheet
from task2vec.cli.run import run
from task2vec.client.show.sheet import Sheet

WIDTHS = (80, 200)
LONG = "greek_capitals-from-efficientnet_lite0"


@pytest.fixture(scope="module")
def full(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with long names, outcomes, keys and an expert: not to be written to."""
    folder = tmp_path_factory.mktemp("width")
    store = backtest_store.fill(small.store, folder / "store")
    add_expert(store, expert_file(folder, small.sources / "emoji_food", temperature=0.4))
    for line in (
        ["models", "add", "timm:resnet18.a1_in1k", "--name", LONG],
        ["keys", "create", "the-key-of-the-annotation-team", "--scope", "write", "--expires", "9"],
        ["outcomes", "add", LONG, "emoji_food", "--accuracy", "0.5", "--protocol", "p" * 20],
    ):
        assert run([*line, "--store", str(store)]) == 0
    before = snapshot(store)
    yield store
    assert snapshot(store) == before


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def check(found: Result, width: int, *, codes: tuple[int, ...] = (0,)) -> str:
    """Check that no line is too long, and return what was printed."""
    assert found.code in codes, found.err
    said = found.out + found.err
    # A command to copy and a path stay in one piece, however long the path of the store.
    whole = re.compile(r"  task2vec .*|.* /\S+")
    lines = [line for line in said.splitlines() if not whole.fullmatch(line.rstrip())]
    assert [line for line in lines if len(line.rstrip()) > width] == []
    return said


@pytest.mark.parametrize(
    "line",
    [
        "list",
        "show emoji_food",
        "models list",
        "models show efficientnet_lite0",
        "models published",
        "models published --all --limit 30",
        "outcomes list",
        "neighbours emoji_food -k 9",
        "neighbours emoji_food -k 9 --asymmetric",
        "distance emoji_food latin_small_letters",
        "probes",
        "keys list",
        "keys log",
        "doctor",
        "serve --show-settings",
    ],
)
def test_a_command_fits_the_terminal(cli: Cli, full: Path, width: int, line: str) -> None:
    said = check(cli(*line.split(), "--store", full), width, codes=(0, 3))

    # Nothing is cut but names of outcomes, and names stay whole where there is room for them.
    assert ("…" in said) == (line == "outcomes list" and width == min(WIDTHS))
    if line in ("list", "models list", "probes", "neighbours emoji_food -k 9"):
        names = {"models list": LONG, "probes": "efficientnet_lite0"}
        assert names.get(line, "latin_small_letters") in said


def test_a_backtest_fits_the_terminal(
    cli: Cli, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    check(cli("backtest", "--store", full), 80, codes=(0, 3))


def test_predictions_fit_the_terminal(
    cli: Cli, full: Path, small: SmallStore, width: int, tmp_path: Path
) -> None:
    images = tmp_path / "a folder with a long name" / "and another one within it, as people do"
    shutil.copytree(small.sources / "emoji_food", images)
    (images / "broken.png").write_bytes(b"no image")

    said = check(
        cli("predict", "small", images.relative_to(tmp_path), "--store", full), width, codes=(1,)
    )

    assert "broken.png was not classified" in " ".join(said.split())


@pytest.mark.parametrize("options", [(), ("--explain",)], ids=["plain", "explained"])
def test_a_recommendation_fits_the_terminal(
    cli: Cli, full: Path, width: int, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not as an option: commands that are suggested would repeat its long path.
    monkeypatch.setenv("TASK2VEC_STORE", str(full))
    # Without the model that would have to be downloaded.
    limits = ("--max-parameters", "6M", "--images", USED, "--budget", "0")
    found = cli("recommend", "emoji_food", *limits, *options)

    said = check(found, width, codes=(0, 3))
    if not options:
        assert len(said.splitlines()) <= 25


def test_what_a_narrow_table_leaves_out_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_sheet(
        Sheet("", ["name", "size", "note"], [["a" * 20, 1, "b" * 15]], spare=["size", "note"])
    )

    out, err = capsys.readouterr()
    assert out.split() == ["name", "size", "a" * 20, "1"]
    assert err.split("\n")[0] == "Too wide for 40 columns, so left out:"


def test_names_are_broken_between_their_parts_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    print_sheet(Sheet("", ["start", "expert", "gain"], [[LONG, LONG, 0.5]]))

    lines = capsys.readouterr().out.splitlines()
    words = {word for line in lines for word in re.split(r"[-_\s]+", line) if word}
    names = {"greek", "capitals", "from", "efficientnet", "lite0"}
    assert words == {"start", "expert", "gain", "0.500", *names}
    assert max(map(len, lines)) <= 50


def test_long_names_of_outcomes_lose_their_middle_on_one_line(
    cli: Cli, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    at = ("outcomes", "list", "--model", LONG, "--store", full)
    found = cli(*at)
    header, *rows = found.out.splitlines()
    assert re.fullmatch(r"id +model +task +accuracy", header.strip())
    (row,) = rows
    start, _, end = row.split()[1].partition("…")
    assert LONG.startswith(start)
    assert LONG.endswith(end)
    assert min(len(start), len(end)) >= 5
    assert "Cut at 60 columns" in " ".join(found.err.split())
    assert cli(*at, "--json").json["outcomes"][0]["model"] == LONG
    monkeypatch.setenv("COLUMNS", "200")
    assert LONG in cli("outcomes", "list", "--store", full).out


def test_names_that_would_look_the_same_are_not_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "22")
    names = [f"letters-{middle}-letters" for middle in ("abcdefghijk", "lmnopqrstuv")]
    print_sheet(Sheet("", ["name", "gain"], [[name, 0.5] for name in names], cut=["name"]))
    said = capsys.readouterr()
    assert "…" not in said.out
    assert "abcdefghijk-" in said.out
    assert said.err == ""
    print_sheet(Sheet("", ["name"], [], cut=["name"]))
