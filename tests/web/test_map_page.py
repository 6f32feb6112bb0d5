"""The map and the table beside it: the same tasks, filters and selection."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FloatRect, Page, expect
from watched import LONG, MARKUP, RIGHT_TO_LEFT, Watched, tasks_of

NARROW = {"viewport": {"width": 360, "height": 740}}
DARK = {"color_scheme": "dark"}


def rows(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("table.tasks tbody .name-link").all_inner_texts()]


def labels(page: Page) -> set[str]:
    expect(page.locator("map-labels .label").first).to_be_visible()
    return set(page.locator("map-labels .label").all_inner_texts())


def canvas(page: Page) -> FloatRect:
    """Return where the map is on the page."""
    box = page.locator("map-canvas canvas").bounding_box()
    assert box is not None
    return box


def pixels(page: Page) -> np.ndarray:
    """Return the colours of the map, (rows, columns, 3)."""
    picture = Image.open(io.BytesIO(page.locator("map-canvas canvas").screenshot()))
    return np.asarray(picture.convert("RGB")).astype(int)


def dots(page: Page) -> list[tuple[float, float]]:
    """Return the middles of what is drawn in the colour of the first group."""
    found = np.argwhere(np.abs(pixels(page) - np.array([0, 114, 178])).max(axis=2) < 24)
    box = canvas(page)
    middles: list[tuple[float, float]] = []
    for y, x in found:
        at = (box["x"] + float(x), box["y"] + float(y))
        if all(np.hypot(at[0] - a, at[1] - b) > 30 for a, b in middles):
            middles.append(at)
    return middles


def colour_at(page: Page, x: float, y: float) -> np.ndarray:
    box = canvas(page)
    found: np.ndarray = pixels(page)[round(y - box["y"]), round(x - box["x"])]
    return found


def test_the_map_and_the_table_show_the_same_tasks(atlas: Watched) -> None:
    page = atlas.open()
    names = {each["name"] for each in tasks_of(atlas.url)}

    assert set(rows(page)) == names == {MARKUP, RIGHT_TO_LEFT, LONG, "latin_small_letters"}
    assert labels(page) == names


def test_names_are_text_whatever_they_say(atlas: Watched) -> None:
    page = atlas.open()

    assert page.locator("table.tasks img, table.tasks b, map-labels b").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    long = page.locator("map-labels .label", has_text=LONG)
    assert long.bounding_box()["width"] <= 151  # type: ignore[index]


def test_a_search_and_the_filters_hold_for_both(atlas: Watched) -> None:
    page = atlas.open()
    page.get_by_label("Name or tag").fill("LATIN")
    expect(page.locator("table.tasks tbody tr")).to_have_count(1)

    assert rows(page) == ["latin_small_letters"]
    expect(page.locator("map-labels .label")).to_have_count(1)
    assert "q=LATIN" in page.url

    page.get_by_label("Name or tag").fill("")
    page.get_by_role("button", name=re.compile("^letters")).click()
    expect(page.locator("table.tasks tbody tr")).to_have_count(3)
    page.get_by_label("At least so many classes").fill("5")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No task is like that.")).to_be_visible()
    page.get_by_role("button", name="Remove the filters").click()
    expect(page.locator("table.tasks tbody tr")).to_have_count(4)


def test_a_click_on_the_map_selects_and_shows_what_is_near(atlas: Watched) -> None:
    page = atlas.open()
    labels(page)
    page.wait_for_timeout(500)
    at = dots(page)[0]
    page.mouse.move(at[0] + 3, at[1] + 3)
    expect(page.locator(".tip")).to_be_visible()
    hovered = page.locator(".tip strong").inner_text()
    page.mouse.click(at[0] + 3, at[1] + 3)
    expect(page.locator("table.tasks tr.chosen")).to_have_count(1)

    assert page.locator("table.tasks tr.chosen .name-link").inner_text() == hovered
    near = page.locator("table.forest tbody tr")
    expect(near).to_have_count(3)
    others = {each["name"] for each in tasks_of(atlas.url)} - {hovered}
    assert set(page.locator("table.forest .name-link").all_inner_texts()) == others


def test_every_dot_has_a_disc_of_its_noise(atlas: Watched) -> None:
    page = atlas.open()
    labels(page)
    page.wait_for_timeout(500)
    (x, y), box = dots(page)[0], canvas(page)
    ground = colour_at(page, box["x"] + 3, box["y"] + 3)
    # Above the dot, where no name stands, within half the standard error.
    tinted = colour_at(page, x + 5, y - 8)

    assert 3 < np.abs(tinted - ground).max() < 40
    page.mouse.move(x + 3, y + 3)
    expect(page.locator(".tip")).to_be_visible()
    page.wait_for_timeout(300)
    assert np.abs(colour_at(page, x + 5, y - 8) - ground).max() > np.abs(tinted - ground).max()


def test_the_buttons_move_dots_names_and_discs_together(atlas: Watched) -> None:
    page = atlas.open()
    labels(page)
    page.wait_for_timeout(500)
    before = dots(page)
    for _ in range(2):
        page.get_by_role("button", name="Zoom in").click()
        page.wait_for_timeout(600)
    assert dots(page) != before
    page.get_by_role("button", name="Show all").click()
    page.wait_for_timeout(600)
    after = dots(page)

    assert len(after) == len(before)
    np.testing.assert_allclose(after, before, atol=2)


def test_a_line_around_dots_selects_them(atlas: Watched) -> None:
    page = atlas.open()
    labels(page)
    page.wait_for_timeout(500)
    box, at = canvas(page), dots(page)[0]

    def draw(left: float, top: float, right: float, bottom: float) -> None:
        page.get_by_role("button", name="Select by a line around").click()
        page.mouse.move(left, top)
        page.mouse.down()
        for corner in ((right, top), (right, bottom), (left, bottom), (left, top)):
            page.mouse.move(*corner, steps=4)
        page.mouse.up()

    draw(box["x"] + 2, box["y"] + 2, box["x"] + box["width"] - 2, box["y"] + box["height"] - 2)
    expect(page.locator("table.tasks tr.chosen")).to_have_count(4)
    draw(at[0] - 20, at[1] - 20, at[0] + 26, at[1] + 26)
    expect(page.locator("table.tasks tr.chosen")).to_have_count(1)
    page.get_by_role("button", name="Select by a line around").click()
    expect(page.locator("map-lasso")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("map-lasso")).to_have_count(0)


def test_pictures_come_when_few_tasks_are_in_view(atlas: Watched) -> None:
    page = atlas.open()
    labels(page)
    expect(page.locator(".map-picture")).to_have_count(0)
    page.wait_for_timeout(500)
    at = dots(page)[0]
    page.mouse.move(at[0] + 3, at[1] + 3)
    for _ in range(8):
        page.mouse.wheel(0, -400)
        page.wait_for_timeout(150)
    expect(page.locator(".map-picture img").first).to_be_visible()
    assert 1 <= page.locator(".map-picture").count() < 4


def test_the_address_holds_the_view(atlas: Watched) -> None:
    page = atlas.open()
    page.get_by_role("checkbox", name=re.compile("latin")).check()
    page.get_by_label("Colour by").select_option("complexity")
    page.get_by_role("button", name="Complexity").click()
    page.get_by_label("Best sources for it").check()
    first = rows(page)
    page.reload()
    page.wait_for_selector("table.forest")

    assert page.get_by_role("checkbox", name=re.compile("latin")).is_checked()
    assert page.get_by_label("Colour by").input_value() == "complexity"
    assert page.get_by_label("Best sources for it").is_checked()
    expected = sorted(tasks_of(atlas.url), key=lambda each: each["complexity"])
    assert rows(page) == first == [each["name"] for each in expected]


def test_everything_is_reached_by_keys_alone(atlas: Watched) -> None:
    page = atlas.open()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.closest('tr')?.innerText ?? ''"))
        if "latin_small_letters" in reached[-1]:
            break
    page.keyboard.press("Space")
    expect(page.locator("section.near h2")).to_contain_text("latin_small_letters")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')").startswith("#/tasks/tsk_")


@pytest.mark.parametrize("atlas", [NARROW], indirect=True)
def test_a_narrow_screen_shows_all_without_scrolling_sideways(atlas: Watched) -> None:
    page = atlas.open()

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert labels(page)
    page.get_by_role("checkbox", name=re.compile("latin")).check()
    expect(page.locator("table.forest")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("atlas", [{}, DARK], indirect=True, ids=["light", "dark"])
def test_light_and_dark_follow_the_system_until_somebody_chooses(atlas: Watched) -> None:
    def light() -> bool:
        ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        return int(re.findall(r"\d+", ground)[0]) > 127

    page = atlas.open()
    before = light()
    assert before == page.evaluate("!matchMedia('(prefers-color-scheme: dark)').matches")
    page.get_by_role("button", name=re.compile("colours$")).click()
    assert light() != before
    page.reload()
    page.wait_for_selector("table.tasks")
    assert light() != before


@pytest.mark.parametrize(
    "atlas", [{}, DARK, NARROW], indirect=True, ids=["light", "dark", "narrow"]
)
def test_axe_finds_nothing(atlas: Watched) -> None:
    page = atlas.open()
    labels(page)
    assert atlas.axe() == []
    page.get_by_role("checkbox", name=re.compile("latin")).check()
    expect(page.locator("table.forest")).to_be_visible()
    page.get_by_label("Colour by").select_option("gain")
    assert atlas.axe() == []
