"""What the page shows where there is no task, no key, or no server."""

import re
from pathlib import Path

from live_server import LiveServer
from playwright.sync_api import Browser, Route, expect
from watched import watching

from task2vec.service import keys
from task2vec.service.workspace import Workspace
from task2vec.types import Scope


def test_an_empty_store_offers_the_tasks_that_ship(
    browser: Browser, empty_server: LiveServer
) -> None:
    with watching(browser, empty_server.url) as atlas:
        page = atlas.open()
        expect(page.get_by_role("heading", name="No task is stored yet")).to_be_visible()
        assert f"task2vec embed FOLDER --url {empty_server.url}" in page.inner_text("main")
        assert atlas.axe() == []

        page.get_by_role("button", name="Show the tasks").click()
        expect(page.locator("table.tasks tbody tr")).to_have_count(34, timeout=30_000)
        expect(page.locator("map-labels .label").first).to_be_visible()

        # No image of them is here, so nothing is offered that needs one.
        page.get_by_label("Name or tag").fill("greek_capitals")
        page.locator("table.tasks .name-link").click()
        page.get_by_role("link", name="What to start from").click()
        expect(page.locator(".actions")).to_contain_text("which has no images")
        expect(page.get_by_role("button", name="Print")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("Measure|Fine-tune"))).to_have_count(0)


def test_a_server_with_keys_asks_for_one_and_keeps_it_for_the_tab(
    browser: Browser, empty_server: LiveServer, tmp_path: Path
) -> None:
    with Workspace(tmp_path / "store", beside_server=True) as workspace:
        new = keys.create(workspace, "ada", [Scope.READ])
    with watching(browser, empty_server.url) as atlas:
        page = atlas.page
        page.wait_for_timeout(1500)
        page.goto(atlas.url)
        expect(page.get_by_role("heading", name="This server asks for a key")).to_be_visible()
        assert atlas.axe() == []

        page.get_by_label("Key").fill(new.secret[:-1] + "x")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("did not take that key")
        page.get_by_label("Key").fill(new.secret)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="No task is stored yet")).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="No task is stored yet")).to_be_visible()
        assert page.evaluate("localStorage.length") == 0
        atlas.forgive(401)


def test_a_server_that_has_gone_is_told_and_comes_back(
    browser: Browser, empty_server: LiveServer
) -> None:
    with watching(browser, empty_server.url) as atlas:
        page = atlas.open()
        page.route("**/*", lambda route: route.abort("connectionrefused"))
        page.get_by_role("button", name="Show the tasks").click()
        lost = page.get_by_text("The page tries again until it does")
        expect(lost).to_be_visible()
        page.unroute_all()
        expect(lost).to_have_count(0, timeout=15_000)
        assert atlas.complaints
        assert all("CONNECTION_REFUSED" in each for each in atlas.complaints)
        atlas.complaints.clear()


def test_a_server_that_is_busy_is_asked_again(browser: Browser, empty_server: LiveServer) -> None:
    refused = []

    def refuse_twice(route: Route) -> None:
        if len(refused) < 2:
            refused.append(route.request.url)
            route.fulfill(status=503, headers={"Retry-After": "1"}, body="busy")
        else:
            route.continue_()

    with watching(browser, empty_server.url) as atlas:
        atlas.page.route("**/v1/tasks?*", refuse_twice)
        page = atlas.open()
        expect(page.get_by_role("heading", name="No task is stored yet")).to_be_visible()

        assert len(refused) == len(atlas.complaints) == 2
        assert all("503" in each for each in atlas.complaints)
        atlas.complaints.clear()


def test_addresses_that_say_nothing_are_told_as_such(
    browser: Browser, empty_server: LiveServer
) -> None:
    with watching(browser, empty_server.url) as atlas:
        page = atlas.open("#/drop?job=nope")
        expect(page.get_by_role("alert")).to_contain_text("nope")
        page.get_by_role("button", name="Back to the images").click()
        expect(page.get_by_text("Drop a folder here")).to_be_visible()
        for view in ("#/tasks/", "#/recommend/"):
            page = atlas.open(view)
            expect(page.get_by_role("link", name="Choose one on the map.")).to_be_visible()
        atlas.forgive(404)
