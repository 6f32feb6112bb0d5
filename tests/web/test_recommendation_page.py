"""The recommendation of a stored task: the verdict, the candidates, the limits in the address."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from watched import LONG, MARKUP, Watched, send, tasks_of

NARROW = {"viewport": {"width": 360, "height": 740}}
DARK = {"color_scheme": "dark"}


def of(url: str, name: str) -> str:
    """Return the view that recommends for a task."""
    (task,) = (each for each in tasks_of(url) if each["name"] == name)
    return f"#/recommend/{task['id']}"


def asked(url: str, task: str, **question: Any) -> dict[str, Any]:
    asked = {"task": task, "k": 8, "explain": True, **question}
    found: dict[str, Any] = send(f"{url}/v1/recommendations", asked)
    return found


def candidates(page: Page) -> list[str]:
    expect(page.locator("table.candidates")).to_be_visible()
    return page.locator("table.candidates tbody .name").all_inner_texts()


def test_it_says_what_the_api_says(atlas: Watched) -> None:
    page = atlas.open(of(atlas.url, "latin_small_letters"))
    answer = asked(atlas.url, "latin_small_letters", budget=0)

    verdict = page.locator(".verdict")
    expect(verdict.locator(".take")).to_contain_text(f"Take the default, {answer['chosen']}")
    told = " ".join(verdict.inner_text().split())
    assert answer["reason"][1:] in told
    assert candidates(page) == [each["model"] for each in answer["recommendations"]]
    (plan,) = (
        plan for plan in answer["recommendations"][1]["plans"] if plan["recipe"] == answer["recipe"]
    )
    shown = page.locator("table.candidates tbody tr").nth(1).locator("td.number").first.inner_text()
    gain = f"{abs(100 * plan['gain']):.1f}"
    assert gain in shown
    assert page.locator("copy-code code").last.inner_text().strip() == answer["code"].strip()


@pytest.mark.parametrize(("more", "notes"), [(0.1, 1), (0.0, 0)])
def test_accuracies_that_are_no_sums_are_said_to_be(
    atlas: Watched, more: float, notes: int
) -> None:
    def answer(route: Route) -> None:
        found = route.fetch().json()
        for each in found["recommendations"]:
            for plan in each["plans"]:
                plan["accuracy"] = 0.5 + plan["gain"] + (more if plan["gain"] else 0)
        route.fulfill(json=found)

    atlas.page.route("**/v1/recommendations", answer)
    page = atlas.open(of(atlas.url, "latin_small_letters"))
    candidates(page)
    expect(page.get_by_text("Go by the gains")).to_have_count(notes)


def test_a_limit_stands_in_the_address_and_leaves_out_what_it_forbids(atlas: Watched) -> None:
    page = atlas.open(of(atlas.url, "latin_small_letters"))
    before = candidates(page)
    page.get_by_text("Limits", exact=True).click()
    page.get_by_label("Parameters at most, millions").fill("5")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("table.candidates tbody tr")).to_have_count(1)

    assert candidates(page) == ["efficientnet_lite0"] != before
    assert "max_parameters=5" in page.url
    page.reload()
    expect(page.locator("table.candidates tbody tr")).to_have_count(1)
    assert page.get_by_label("Parameters at most, millions").input_value() == "5"
    page.go_back()
    expect(page.locator("table.candidates tbody tr")).to_have_count(len(before))


def test_the_gains_of_another_recipe_are_a_press_away(atlas: Watched) -> None:
    page = atlas.open(of(atlas.url, "latin_small_letters"))
    answer = asked(atlas.url, "latin_small_letters", budget=0)
    page.get_by_role("button", name="a linear probe", exact=True).click()

    expect(page.locator("table.candidates caption")).to_contain_text("with a linear probe")
    shown = page.locator("table.candidates tbody tr").nth(1).locator("td.number").first.inner_text()
    gain = answer["recommendations"][1]["plans"][0]["gain"]
    assert f"{abs(100 * gain):.1f}" in shown
    assert "by=linear-probe" in page.url


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("max_parameters=0.1", "No starting model passes the limits."),
        ("licence=" + "x" * 201, "licence"),
    ],
    ids=["nothing passes", "too long"],
)
def test_limits_that_cannot_be_are_refused_in_the_words_of_the_server(
    atlas: Watched, limit: str, said: str
) -> None:
    page = atlas.open(f"{of(atlas.url, 'latin_small_letters')}?{limit}")

    problem = page.get_by_role("alert")
    expect(problem).to_contain_text(said)
    expect(problem).to_contain_text("Request")
    page.get_by_text("Limits", exact=True).wait_for()
    atlas.forgive(422)


@pytest.mark.parametrize("name", [MARKUP, LONG], ids=["markup", "long"])
def test_names_are_text_whatever_they_say(atlas: Watched, name: str) -> None:
    page = atlas.open(of(atlas.url, name))

    expect(page.locator("h1")).to_contain_text(name)
    assert page.locator("main b, main img[src=x]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_evidence_of_each_candidate_is_reached_by_keys(atlas: Watched) -> None:
    page = atlas.open(of(atlas.url, "latin_small_letters"))
    look = page.get_by_label("Evidence for")
    look.focus()
    page.keyboard.press("End")
    last = look.locator("option").last.get_attribute("value")
    expect(page.locator("h2", has_text=re.compile("^What speaks for"))).to_contain_text(str(last))


@pytest.mark.parametrize(
    "atlas", [{}, DARK, NARROW], indirect=True, ids=["light", "dark", "narrow"]
)
def test_axe_finds_nothing(atlas: Watched) -> None:
    page = atlas.open(of(atlas.url, "latin_small_letters"))
    expect(page.locator("table.candidates")).to_be_visible()
    page.get_by_text("Limits", exact=True).click()
    assert atlas.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_recipe_that_there_is_not_is_passed_over(atlas: Watched) -> None:
    view = of(atlas.url, "latin_small_letters")
    page = atlas.open(f"{view}?recipe=junk&by=toString")
    plain = candidates(page)
    assert page.get_by_role("alert").count() == 0
    assert candidates(atlas.open(view)) == plain


@pytest.mark.parametrize("recipe", ["linear-probe", "all-layers"])
def test_it_says_what_the_evidence_is_reckoned_in(atlas: Watched, recipe: str) -> None:
    page = atlas.open(f"{of(atlas.url, 'latin_small_letters')}?recipe={recipe}")
    candidates(page)
    said = page.get_by_text("It is reckoned in gains of a linear probe.")
    expect(said).to_have_count(0 if recipe == "linear-probe" else 1)


def test_an_accuracy_that_is_not_known_has_its_reason(atlas: Watched) -> None:
    def answer(route: Route) -> None:
        found = route.fetch().json()
        for each in found["recommendations"]:
            for plan in each["plans"]:
                plan["accuracy"] = plan["accuracy_interval"] = None
        route.fulfill(json=found)

    atlas.page.route("**/v1/recommendations", answer)
    page = atlas.open(of(atlas.url, "latin_small_letters"))
    expect(page.locator(".verdict")).to_contain_text("nothing tells how well the default does")
