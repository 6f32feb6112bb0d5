"""How results look in notebooks and terminals; names from anybody do no harm there."""

import math
from html.parser import HTMLParser
from typing import cast

import pytest
from rich.console import Console

import task2vec.client.show.notebook  # noqa: F401  (what is under test)
from task2vec.client.show.backtest import of_backtest
from task2vec.client.show.neighbours import of_neighbours
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

SPACE = {"probe": "p", "estimator": "fisher", "head_penalty": 0.01, "prior_precision": 1e-6}
BOTH = {"source_to_target": 0.25, "target_to_source": None}
ENDS = [0.1, 0.2]
SHOWN: dict[str, Answer] = {
    "backtest": Backtest.model_validate(
        {
            "rankers": [
                {
                    "name": EVIL,
                    "weighted_kendall": 0.35,
                    "regret_at_1": 0.02,
                    "regret_at_3": 0.01,
                    "top_1": 0.25,
                    "gain": 0.031,
                    "headroom_captured": None,
                    "ci": {
                        "weighted_kendall": ENDS,
                        "regret_at_1": ENDS,
                        "regret_at_3": ENDS,
                        "top_1": ENDS,
                        "gain": [0.01, 0.052],
                        "headroom_captured": None,
                    },
                    "ours_minus": None,
                }
            ],
            "coverage": [],
            "abstention": None,
            "noise_ceiling": None,
            "tasks": 9,
            "models": 3,
            "folds": "task",
            "probe": EVIL,
            "space": SPACE,
            "verdict": "unknown",
            "sentence": EVIL,
            "cases": [],
            "warnings": [EVIL],
        }
    ),
    "task": Task.model_validate(
        {
            "id": "tsk_1",
            "name": EVIL,
            "probe": EVIL,
            "space": SPACE,
            "images": 30,
            "classes": 3,
            "complexity": 0.5,
            "standard_error": None,
            "seconds": 1.0,
            "tags": [EVIL],
            "warnings": [EVIL],
        }
    ),
    "neighbours": Neighbours.model_validate(
        {
            "task": EVIL,
            "warnings": [EVIL],
            "neighbours": [
                {
                    "id": "i",
                    "name": EVIL,
                    "distance": 0.125,
                    "standard_error": 0.5,
                    "interval": [-0.875, 1.125],
                    "rank": 1,
                }
            ],
        }
    ),
    "distances": Distances.model_validate(
        {
            "source": EVIL,
            "target": EVIL,
            "symmetric": 0.75,
            "standard_error": 0.5,
            "interval": [-0.25, 1.75],
            "asymmetric": BOTH,
            "information": BOTH,
            "complexity": {"source": 1, "target": 2},
        }
    ),
    "recommended": Recommended.model_validate(
        {
            "task": EVIL,
            "chosen": EVIL,
            "abstained": False,
            "reason": EVIL,
            "baselines": [],
            "evidence_summary": EVIL,
            "code": "",
            "warnings": [EVIL],
            "level": 0.9,
            "calibrated": True,
            "recommendations": [
                {
                    "model": EVIL,
                    "ref": "r",
                    "score": 0.031,
                    "score_sd": 0.01,
                    "gain_interval": [0.01, 0.05],
                    "fine_tuned_gain": 0.02,
                    "fine_tuned_interval": [-0.06, 0.1],
                    "fine_tuned_accuracy": 0.93,
                    "fine_tuned_accuracy_interval": [0.85, 1.0],
                    "predicted_accuracy": 0.875,
                    "interval": [0.8, 0.9],
                    "evidence": [{"kind": "none", "text": EVIL}],
                }
            ],
        }
    ),
    "information": TaskInformation.model_validate(
        {
            **{"task": EVIL, "probe": EVIL, "fingerprint": "f", "images": 4, "classes": 2},
            **{"seed": 0, "beta": 1e-5, "nats": 1200, "nats_of_place": 200, "loss": 0.25},
            **{"loss_of_weights": 0.125, "loss_of_guessing": 0.7, "converged": True},
            "layers": [
                {
                    **{"name": EVIL, "weights": 100, "nats": 1200, "nats_of_place": 200},
                    **{"prior_std": 1, "noise": 0.5},
                }
            ],
            "curve": [],
            "warnings": [EVIL],
        }
    ),
    "map": TaskMap.model_validate(
        {
            "method": "mds",
            "stress": 0.125,
            "warnings": [EVIL],
            "points": [
                {"id": "a", "name": EVIL, "x": 0, "y": 0, "group": EVIL, "classes": 3},
                {"id": "b", "name": "b", "x": 1, "y": 2, "group": None, "classes": 4},
            ],
        }
    ),
}
FACTS = {
    "task": ["30 of 3 classes", "0.500", "tsk_1"],
    "neighbours": ["0.125", "0.500"],
    "distances": ["0.750", "0.250"],
    "recommended": ["+3.1", "+1.0 to +5.0", "85.0 to 100.0 %", "on frozen features"],
    "backtest": ["3.1 [1.0, 5.2]", "25.0 %", "0.35 [0.10, 0.20]", EVIL],
    "information": ["1,200 nats at beta 1e-05", "1,000", "10.000", "0.500", "by guessing"],
    "map": ["stress 0.12", "b"],
}


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
    found = cast(Backtest, SHOWN["backtest"]).model_copy(update={"shared_pairs": pairs})
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
    for fact in FACTS[name]:
        assert any(fact in text for text in page.texts), fact


@pytest.mark.parametrize("name", SHOWN)
def test_a_terminal_shows_names_as_they_are(name: str) -> None:
    console = Console(width=400, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    with console.file:
        console.print(SHOWN[name])
    text = console.export_text()

    assert EVIL in text
    for fact in FACTS[name]:
        assert fact in text


LINES = {
    "task": ["30 images of 3 classes", "1 warning"],
    "neighbours": ["0.125", "1 warning"],
    "distances": ["symmetric 0.750 ± 0.500"],
    "recommended": [" points after fine-tuning", "1 warning"],
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
    html = SHOWN["map"]._repr_html_()
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
    shown = cast(Distances, SHOWN["distances"])
    html = shown._repr_html_()
    assert html is not None
    assert "0 is the same task, 1 has nothing in common." in html
    assert "Only compare it with that of other pairs" in html
    assert "other stored task" not in html
    among = shown.model_copy(update={"nearer": 2, "compared": 9})._repr_html_() or ""
    assert "than 7 of 9 other stored tasks" in among
    same = shown.model_copy(update={"same_images": True})._repr_html_() or ""
    assert "the same images with the same labels: they are one task, at distance 0" in same
    assert "asymmetric" not in same
