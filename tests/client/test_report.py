"""The report of a recommendation, as a page and as a section of a model card."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from task2vec.client.report.charts import HALF, Row, chart
from task2vec.client.report.files import check_report, write_report
from task2vec.client.report.model_card import section
from task2vec.client.report.page import page
from task2vec.client.report.report import MOST_CANDIDATES, Report
from task2vec.errors import InputError
from task2vec.messages.recommendations import Recommended
from task2vec.types.tuning import TRAINED, Recipe

FROZEN = Path(__file__).parents[1] / "frozen" / "commands" / "recommend_explain.json"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</td><script>alert(1)</script>\u202e|`` [x](y)"
COMMANDS = ["task2vec finetune birds --from small", "task2vec finetune '```' --from 'a & b'"]


@pytest.fixture
def given() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FROZEN.read_text())["out"]
    return found


def report_of(given: dict[str, Any]) -> Report:
    return Report(Recommended.model_validate(given), commands=COMMANDS)


class Read(HTMLParser):
    """The tags of a page, checked to be closed, with its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta", "wbr"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def pictures(text: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(found) for found in re.findall("<svg.*?</svg>", text, re.S)]


def lines(picture: ElementTree.Element, kind: str) -> list[tuple[float, float]]:
    found = [each for each in picture.iter(f"{SVG}line") if kind in each.attrib["class"].split()]
    return [(float(each.attrib["x1"]), float(each.attrib["x2"])) for each in found]


def test_the_page_tells_the_answer_and_reaches_for_nothing(given: dict[str, Any]) -> None:
    report = report_of(given)
    text = page(report)
    read = Read(text)

    assert f"Take the default: {given['chosen']}" in read.text
    assert given["reason"][1:] in read.text
    for each in (*given["recommendations"], *given["baselines"]):
        assert str(each["model"] or "-") in read.text
    for words in (given["evidence_summary"], *given["warnings"]):
        assert words.replace("`", "") in read.text
    assert all(command in read.text for command in COMMANDS)
    moves = given["explanation"]["outcomes"][1]
    for near in moves["neighbours"][:5]:
        assert near["task"] in read.text
        assert f"{near['distance']:.3f}" in read.text
    assert not read.tags & {"script", "link", "img", "iframe", "object", "a"}
    assert not read.attributes & {"src", "href", "onload", "style"}
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


def test_intervals_are_drawn_to_scale_about_the_default(given: dict[str, Any]) -> None:
    report = report_of(given)
    forest = pictures(page(report))[0]
    plans = [each.plan(report.answer.recipe) for each in report.candidates]
    ends = [end for plan in plans for end in plan.gain_interval]
    places = [place for line in lines(forest, "whisker") for place in line]
    ((zero, _),) = lines(forest, "zero")

    assert len(places) == 2 * len(plans) >= 4
    scale = (max(places) - min(places)) / (max(ends) - min(ends))
    expected = [zero + scale * end for end in ends]
    assert places == pytest.approx(expected, abs=0.2)


def test_bars_begin_at_zero_and_long_names_lose_their_middle() -> None:
    rows = [Row("a", 2.0, "+2.0"), Row("begin" + "x" * 80 + "end", -1.0, "-1.0")]
    picture = ElementTree.fromstring(chart(rows, title="t", unit="u", columns=HALF))
    ((zero, _),) = lines(picture, "zero")
    up, down = (
        (float(bar.attrib["x"]), float(bar.attrib["width"])) for bar in picture.iter(f"{SVG}rect")
    )
    assert up[0] == pytest.approx(zero, abs=0.1)
    assert sum(down) == pytest.approx(zero, abs=0.1)
    assert up[1] == pytest.approx(2 * down[1], rel=0.02)
    label = [each for each in picture.iter(f"{SVG}text") if "label" in each.attrib["class"]][1]
    shown = label[0].tail
    assert shown is not None
    assert shown.startswith("begin")
    assert shown.endswith("end")
    assert len(shown) < 40


def test_a_command_in_a_sentence_is_set_as_code_and_what_is_trained_is_said_once(
    given: dict[str, Any],
) -> None:
    given["warnings"] = ["To leave it out: `--no-bundles <b>`."]
    text = page(report_of(given))

    assert "To leave it out: <code>--no-bundles &lt;b&gt;</code>." in text
    lead, _, rest = text.partition("<dl")
    facts = rest.partition("</dl>")[0]
    trained = TRAINED[Recipe(given["recipe"])]
    assert (trained in lead, trained in facts) == (True, False)
    assert given["recipe"] in facts


def test_names_are_shown_as_text(given: dict[str, Any]) -> None:
    plain = Read(page(report_of(given)))
    given["task"] = HOSTILE
    given["recommendations"][1]["model"] = HOSTILE
    given["warnings"] = [HOSTILE]
    given["explanation"]["outcomes"][1]["model"] = HOSTILE
    for near in given["explanation"]["outcomes"][1]["neighbours"]:
        near["task"] = HOSTILE
    given["baselines"][0]["model"] = HOSTILE
    read = Read(page(report_of(given)))

    assert (read.tags, read.attributes) == (plain.tags, plain.attributes)
    assert "<script>alert(1)</script>" in read.text
    assert "\u202e" not in read.text
    card = section(report_of(given))
    assert "\u202e" not in card
    assert re.search(r"(?<!\\)<", card) is None
    for row in card.splitlines():
        if row.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", row)) in (3, 5, 6)
    # No command ends the block that it stands in.
    assert "````text\n" + "\n".join(COMMANDS) + "\n````\n" in card


def test_the_chosen_model_is_shown_among_many(given: dict[str, Any]) -> None:
    one = given["recommendations"][1]
    others = [{**one, "model": f"other{number}"} for number in range(20)]
    given["recommendations"] = [given["recommendations"][0], *others]
    given["chosen"], given["abstained"] = "other19", False
    report = report_of(given)

    shown = [each.model for each in report.candidates]
    assert shown == [*(f"other{number}" for number in range(MOST_CANDIDATES - 1)), "other19"]
    text = Read(page(report)).text
    assert "Recommended: other19" in text
    assert "12 more candidates left out" in text
    assert "expected gain" in text
    assert "**Recommended: other19**" in section(report)


def test_without_an_explanation_there_is_less(given: dict[str, Any]) -> None:
    given["explanation"] = None
    report = report_of(given)
    assert "What moved" not in Read(page(report)).text
    assert len(pictures(page(report))) == 1
    assert "What moved" not in section(report)


def test_only_pages_and_sections_are_written(given: dict[str, Any], tmp_path: Path) -> None:
    for name in ("a.pdf", "a", "nowhere/a.html"):
        with pytest.raises(InputError):
            check_report(tmp_path / name)
    for name, form in (("a.html", page), ("b.MD", section)):
        check_report(tmp_path / name)
        write_report(report := report_of(given), tmp_path / name)
        assert (tmp_path / name).read_text() == form(report)
    assert len(list(tmp_path.iterdir())) == 2
