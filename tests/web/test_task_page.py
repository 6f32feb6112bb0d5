"""A task's page: its numbers, near tasks, pictures, embedding, outcomes and provenance."""

import re
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import small_store
from playwright.sync_api import expect
from watched import LONG, MARKUP, Watched, get, rename, serving, tasks_of

from task2vec import LocalClient

EXPERT, PART = "letters_expert", "part_of_letters"
NARROW = {"viewport": {"width": 360, "height": 740}}
DARK = {"color_scheme": "dark"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with six tasks, one of which has an expert, and another half of its images."""
    folder = tmp_path_factory.mktemp("atlas")
    store = shutil.copytree(small_store.build().store, folder / "store")
    part = small_store.cut("latin_small_letters", folder / PART, classes=2)
    with LocalClient(store) as client:
        client.embed(part, images=12)
        client.finetune("latin_small_letters", name=EXPERT, recipe="linear-probe")
    with serving(folder) as url:
        rename(url, "emoji_food", MARKUP)
        rename(url, "greek_capitals", LONG)
        yield url


def view_of(atlas: Watched, name: str) -> tuple[str, dict[str, Any]]:
    task = next(each for each in tasks_of(atlas.url) if each["name"] == name)
    return f"#/tasks/{task['id']}", task


def test_it_shows_what_the_server_knows(atlas: Watched) -> None:
    view, task = view_of(atlas, "latin_small_letters")
    page = atlas.open(view)
    near = get(f"{atlas.url}/v1/tasks/{task['id']}/neighbours?k=8")["neighbours"]
    details = get(f"{atlas.url}/v1/tasks/{task['id']}")

    assert page.locator("h1").inner_text() == task["name"] == page.title().split(" · ")[0]
    numbers = page.locator("dl.numbers").inner_text()
    for number in (task["classes"], task["images"]):
        assert str(number) in numbers
    assert f"{task['complexity']:.3f}" in numbers
    assert f"{task['standard_error']:.3f}" in numbers
    alike = page.locator("section", has=page.get_by_role("heading", name="Most alike"))
    shown = alike.locator("tbody tr")
    assert shown.locator(".name-link").all_inner_texts() == [each["name"] for each in near]
    for row, each in zip(shown.all(), near, strict=True):
        text = row.inner_text().replace("−", "-")
        assert text.startswith(str(each["rank"]))
        assert f"{each['distance']:.3f}" in text
        tied = [other["rank"] for other in near].count(each["rank"]) > 1
        assert ("=" in text) == tied
    facts = page.locator("dl.facts").inner_text()
    assert details["provenance"]["content_hash"] in facts
    assert details["probe"] in facts


def test_it_shows_images_of_each_class(atlas: Watched) -> None:
    view, task = view_of(atlas, "latin_small_letters")
    page = atlas.open(view)
    kept = get(f"{atlas.url}/v1/tasks/{task['id']}/pictures")["classes"]
    rows = page.locator(".class-pictures li")
    expect(rows).to_have_count(4)

    assert [row.locator("h3").inner_text() for row in rows.all()] == [k["name"] for k in kept]
    assert [row.locator("span").count() for row in rows.all()] == [k["pictures"] for k in kept]
    first = rows.first.locator("span").first
    expect(first).to_have_css("background-image", re.compile(r'url\("blob:'))


def test_it_shows_experts_and_tasks_that_share_images(atlas: Watched) -> None:
    view, task = view_of(atlas, "latin_small_letters")
    page = atlas.open(view)
    near = get(f"{atlas.url}/v1/tasks/{task['id']}/neighbours?k=8")["neighbours"]
    (part,) = (each for each in near if each["shares_images"])
    experts = page.locator("section", has=page.get_by_role("heading", name="Experts"))
    shared = page.locator("section", has=page.get_by_role("heading", name="Shared images"))

    expect(experts.locator("tbody tr")).to_have_count(1)
    expect(experts.locator("tbody tr")).to_contain_text(EXPERT)
    expect(experts.locator("tbody tr")).to_contain_text("efficientnet_lite0")
    expect(shared.locator("tbody tr")).to_have_count(1)
    row = shared.locator("tbody tr").inner_text().split()
    assert row == [PART, str(part["shared_images"]), f"{100 * part['shared_share']:.0f}", "%"]
    other = atlas.open(view_of(atlas, "fashion_tops")[0])
    expect(other.locator("article")).to_contain_text("No model was fine-tuned on it yet.")
    expect(other.locator("article")).to_contain_text("None of the nearest 4 tasks has images of it")


def test_what_failed_is_asked_again_when_the_server_is_back(atlas: Watched) -> None:
    view, _ = view_of(atlas, "latin_small_letters")
    layers = "**/layers"
    atlas.page.route(layers, lambda route: route.abort("connectionrefused"))
    atlas.page.goto(f"{atlas.url}/{view}")
    expect(atlas.page.get_by_role("alert")).to_contain_text("does not answer")
    atlas.page.unroute(layers)

    expect(atlas.page.locator("svg.layers")).to_be_visible()
    expect(atlas.page.get_by_role("alert")).to_have_count(0)
    assert all("CONNECTION_REFUSED" in each for each in atlas.complaints)
    atlas.complaints.clear()


def test_names_that_mean_harm_are_text(atlas: Watched) -> None:
    view, _ = view_of(atlas, MARKUP)
    page = atlas.open(view)

    assert page.locator("h1").inner_text() == MARKUP
    assert page.locator("h1 b, h1 img").count() == 0
    assert MARKUP in page.title()


def test_one_walks_from_task_to_task_and_back_to_the_map(atlas: Watched) -> None:
    view, task = view_of(atlas, "latin_small_letters")
    page = atlas.open(view)
    page.locator("table.forest .name-link").first.click()
    expect(page.locator("h1")).not_to_have_text("latin_small_letters")
    page.go_back()
    expect(page.locator("h1")).to_have_text("latin_small_letters")
    page.get_by_role("link", name="Show on the map").click()
    expect(page.locator("section.near h2")).to_contain_text("latin_small_letters")

    assert f"selected={task['id']}" in page.url
    page.get_by_role("link", name="Open").click()
    expect(page.locator("h1")).to_have_text("latin_small_letters")


@pytest.mark.parametrize("atlas", [NARROW], indirect=True)
def test_a_narrow_screen_is_not_scrolled_sideways(atlas: Watched) -> None:
    for name in (LONG, MARKUP):
        page = atlas.open(view_of(atlas, name)[0])
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(
    "atlas", [{}, DARK, NARROW], indirect=True, ids=["light", "dark", "narrow"]
)
def test_axe_finds_nothing(atlas: Watched) -> None:
    page = atlas.open(view_of(atlas, "latin_small_letters")[0])
    page.get_by_text("The numbers").click()

    assert atlas.axe() == []


def test_a_task_that_is_not_there_is_told_in_the_words_of_the_server(atlas: Watched) -> None:
    page = atlas.open(f"#/tasks/{quote('no such task')}")

    expect(page.get_by_role("alert")).to_contain_text("No task has the name or id 'no such task'")
    assert "404" in atlas.complaints.pop()
