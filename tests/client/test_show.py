"""How results look in notebooks and terminals; names from anybody do no harm there."""

import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import task2vec.client.show.notebook  # noqa: F401  (what is under test)
from task2vec.client.show.backtest import of_backtest
from task2vec.client.show.neighbours import of_distances, of_neighbours
from task2vec.client.show.sheet import nats
from task2vec.messages.backtests import Backtest
from task2vec.messages.base import Answer
from task2vec.messages.catalogue import TaskMap
from task2vec.messages.information import TaskInformation
from task2vec.messages.jobs import Progress
from task2vec.messages.neighbours import Distances, Neighbours
from task2vec.messages.outcomes import Outcome
from task2vec.messages.recommendations import Recommended
from task2vec.messages.tasks import Task

EVIL = "<script>alert('x')</script>[red]&"

FROZEN = Path(__file__).parents[1] / "frozen" / "commands"
KINDS: dict[str, tuple[str, type[Answer]]] = {
    "backtest": ("backtest", Backtest),
    "task": ("embed", Task),
    "neighbours": ("neighbours", Neighbours),
    "distances": ("distance", Distances),
    "recommended": ("recommend_outcomes", Recommended),
    "information": ("information", TaskInformation),
    "map": ("map", TaskMap),
}


def told(document: str, kind: type[Answer]) -> Any:
    """Return what a command answers, whose tasks and models all have an evil name."""
    text = (FROZEN / f"{document}.json").read_text()
    names = "emoji_food|fashion_tops|greek_capitals|efficientnet_lite[0-9]|conv_stem|blocks.[0-9]"
    answer = json.loads(re.sub(names, EVIL, text).replace('"<seconds>"', "1.0"))["out"]
    # A fit that was cut short has no error, which JSON cannot tell.
    return kind.model_validate(
        answer | {"warnings": [EVIL]} | {name: [] for name in answer if name == "curve"}
    )


SHOWN = {name: told(*source) for name, source in KINDS.items()}


def facts_of(name: str) -> list[str]:
    """Return what has to be seen of an answer, from its numbers."""
    of = SHOWN[name]
    match name:
        case "backtest":
            first = of.rankers[0]
            low, high = first.ci.weighted_kendall
            return [f"{first.weighted_kendall:.2f} [{low:.2f}, {high:.2f}]", of.sentence]
        case "task":
            return [f"{of.images} of {of.classes} classes", f"{of.standard_error:.3f}", of.id]
        case "neighbours":
            first = of.neighbours[0]
            return [f"{first.distance:.3f}", f"{first.standard_error:.3f}"]
        case "distances":
            return [f"{of.symmetric:.3f}", f"{of.asymmetric.source_to_target:.3f}"]
        case "recommended":
            best = max(of.recommendations, key=lambda each: each.score)
            plan = best.plan(of.recipe)
            low, high = (f"{100 * end:+.1f}" for end in plan.gain_interval)
            return [f"{100 * plan.gain:+.1f}", f"{low} to {high}", "Expected with all layers"]
        case "information":
            most = max(of.layers, key=lambda layer: layer.nats - layer.nats_of_place)
            return [f"{of.nats:,.0f} nats at beta 1e-05", f"{most.noise:.3f}", "by guessing"]
        case _:
            return [f"stress {of.stress:.2f}"]


class Reader(HTMLParser):
    """Collects the texts and elements of a page, and whether all are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.elements: set[str] = set()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (12345.6, 789.4, "12,346 ± 789"),
        (12345.6, None, "12,346"),
        (0.0, math.nan, "0"),
        (-2000.0, 900.0, "0 (measured -2,000 ± 900)"),
        (None, None, "-"),
        (math.nan, 1.0, "-"),
    ],
)
def test_nats_below_0_are_shown_as_0_and_as_measured(value, error, text) -> None:
    assert nats(value, error) == text


@pytest.mark.parametrize(
    ("pairs", "told"),
    [(0, ()), (1, ("1 pair of tasks shares images",)), (1200, ("1,200 pairs of tasks share",))],
)
def test_pairs_of_tasks_that_share_images_are_counted(pairs: int, told: tuple[str, ...]) -> None:
    found = SHOWN["backtest"].model_copy(update={"shared_pairs": pairs})
    notes = [note for note in of_backtest(found).notes if "images" in note]
    assert len(notes) == len(told)
    assert all(note.startswith(start) for note, start in zip(notes, told, strict=True))
    assert all(note in (found._repr_html_() or "") for note in notes)


@pytest.mark.parametrize("name", SHOWN)
def test_html_shows_names_as_they_are_and_runs_none(name: str) -> None:
    html = SHOWN[name]._repr_html_()
    assert html is not None
    page = Reader(html)

    assert "script" not in page.elements
    assert page.open == []
    assert any(EVIL in text for text in page.texts)
    for fact in facts_of(name):
        assert any(fact in text for text in page.texts), fact


@pytest.mark.parametrize("name", SHOWN)
def test_a_terminal_shows_names_as_they_are(name: str) -> None:
    console = Console(width=400, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    with console.file:
        console.print(SHOWN[name])
    text = console.export_text()

    assert EVIL in text
    for fact in facts_of(name):
        assert fact in text


LINES = {
    "task": [f"{SHOWN['task'].images} images of {SHOWN['task'].classes} classes", "1 warning"],
    "neighbours": [f"{SHOWN['neighbours'].neighbours[0].distance:.3f}", "1 warning"],
    "distances": [f"symmetric {SHOWN['distances'].symmetric:.3f} ± "],
    "recommended": ["1 warning"],
}


@pytest.mark.parametrize("name", LINES)
def test_a_repr_is_one_short_line(name: str) -> None:
    named = SHOWN[name].model_copy(update=dict.fromkeys(("name", "task", "source"), "birds\n\x1b"))
    line = repr(named)

    assert str(named) == line
    assert line.isprintable()
    assert len(line) < 160
    assert r"birds\n\x1b" in line
    for fact in LINES[name]:
        assert fact in line


def test_points_keep_their_places() -> None:
    points = [
        {"id": "a", "name": "a", "x": 0, "y": 0, "group": "g", "classes": 3},
        {"id": "b", "name": "b", "x": 1, "y": 2, "group": None, "classes": 4},
    ]
    found = TaskMap.model_validate({"method": "mds", "stress": 0.125, "points": points})
    html = found._repr_html_()
    assert html is not None
    # The second point is to the right of the first, and above it.
    assert 'cx="40.0" cy="440.0"' in html
    assert 'cx="240.0" cy="40.0"' in html


def test_an_empty_map_is_one() -> None:
    html = TaskMap(points=(), method="mds", stress=0.0)._repr_html_()
    assert html is not None
    assert "0 tasks" in html


def test_what_is_not_registered_shows_its_fields() -> None:
    progress = Progress(stage="fisher")

    assert progress._repr_html_() is None
    assert progress.__rich__() == repr(progress)


def neighbours_of_ranks(*ranks: int) -> Neighbours:
    rows = [
        {
            "id": f"{place}",
            "name": f"task{place}",
            "distance": 0.1 * place - 0.1,
            "standard_error": 0.01,
            "interval": [-0.1, 0.1],
            "rank": rank,
        }
        for place, rank in enumerate(ranks)
    ]
    return Neighbours.model_validate({"task": "query", "neighbours": rows})


def test_ties_are_marked_and_explained() -> None:
    sheet = of_neighbours(neighbours_of_ranks(1, 1, 3))
    assert [row[0] for row in sheet.rows] == ["1=", "1=", "3"]
    assert any("within the noise" in note for note in sheet.notes)
    assert of_neighbours(neighbours_of_ranks(1, 2)).notes == ()


def test_a_distance_that_noise_made_negative_is_shown_as_0() -> None:
    sheet = of_neighbours(neighbours_of_ranks(1, 2, 3))
    assert [row[2] for row in sheet.rows] == pytest.approx([0.0, 0.0, 0.1])
    asymmetric = of_neighbours(neighbours_of_ranks(1, 2, 3), asymmetric=True)
    assert asymmetric.rows[0][2] == pytest.approx(-0.1)
    html = SHOWN["distances"].model_copy(update={"interval": (-0.2, 0.25)})._repr_html_()
    assert html is not None
    assert "95 % interval 0.000 to 0.250" in html


def test_what_a_terminal_would_obey_is_shown_in_escapes() -> None:
    found = Outcome.model_validate(
        {
            **{"id": "out_1", "model": "m", "task": "t", "accuracy": 0.5, "interval": None},
            **{"protocol": "a\x1b[31m\u202eb", "images": None, "seed": None, "created": ""},
        }
    )
    console = Console(width=400, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    with console.file:
        console.print(found)
    for text in (console.export_text(), found._repr_html_()):
        assert text is not None
        assert r"a\x1b[31m\u202eb" in text
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_distances_say_how_to_read_them() -> None:
    shown = SHOWN["distances"].model_copy(update={"nearer": 0, "compared": 0})
    html = shown._repr_html_()
    assert html is not None
    assert "0 is the same task, 1 has nothing in common." in html
    assert "Compare it with that of other pairs only" in html
    assert "other stored task" not in html
    same = shown.model_copy(update={"same_images": True})._repr_html_() or ""
    assert "the same images with the same labels: they are one task, at distance 0" in same
    assert "asymmetric" not in same


@pytest.mark.parametrize(
    ("nearer", "compared", "said"),
    [
        (0, 1, "None of 1 other stored task is nearer to query than other is."),
        (0, 9, "None of 9 other stored tasks is nearer to query than other is."),
        (1, 9, "1 of 9 other stored tasks is nearer to query than other is."),
        (9, 9, "9 of 9 other stored tasks are nearer to query than other is."),
    ],
)
def test_a_distance_stands_among_the_others(nearer: int, compared: int, said: str) -> None:
    names = {"source": "query", "target": "other"}
    found = SHOWN["distances"].model_copy(update={**names, "nearer": nearer, "compared": compared})
    assert said in of_distances(found).notes


def test_the_asymmetric_distance_is_told_from_the_information_distance() -> None:
    found = SHOWN["distances"]
    (asymmetric,) = [note for note in of_distances(found).notes if note.startswith("asymmetric")]
    (information,) = [note for note in of_distances(found).notes if note.startswith("information")]
    assert "the symmetric distance, made smaller by the complexity of the first task" in asymmetric
    assert f"{found.complexity.source:.3f} (" in asymmetric
    assert "nats that the second task, the target, needs" in information
    assert "the asymmetric distance is something else" in information


def test_neighbours_with_images_in_common_are_explained() -> None:
    found = neighbours_of_ranks(1, 2, 3)
    near, files, clean = found.neighbours
    near = near.model_copy(
        update={"shares_images": True, "shared_images": 12, "shared_share": 0.04}
    )
    files = files.model_copy(
        update={"shares_images": True, "shared_images": 0, "shared_share": 0.0}
    )
    sheet = of_neighbours(found.model_copy(update={"neighbours": (near, files, clean)}))
    assert [row[1] for row in sheet.rows] == ["task0 [i]", "task1 [i]", "task2"]
    assert sheet.notes == (
        "[i] shares images with query, and is near for that reason too: as many as 12 of the "
        "images of query look like copies of images of task0 (4 %); task1 is of the same files.",
    )


def test_neighbours_that_a_bundle_brought_again_are_named() -> None:
    found = neighbours_of_ranks(1, 2).model_copy(update={"left_out": {"b/birds": "birds"}})
    assert of_neighbours(found).notes == (
        "Left out, because a bundle brought the same images and labels again: b/birds is birds.",
    )
    many = {f"b/{name}": name for name in ("ants", "bees", "cats", "dogs")}
    (note,) = of_neighbours(found.model_copy(update={"left_out": many})).notes
    assert note.endswith("again: b/ants is ants, b/bees is bees, b/cats is cats, ...")
