"""A server with keys: it is asked for one, and offers what that one opens."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_store
from playwright.sync_api import Page, expect
from watched import Watched, serving

from task2vec.service import keys
from task2vec.service.workspace import Workspace
from task2vec.types import Scope


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A store of four small tasks, beside the server that works on it."""
    folder = tmp_path_factory.mktemp("locked")
    shutil.copytree(small_store.build().store, folder / "store")
    with Workspace(folder / "store", beside_server=True) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def secrets(locked: Workspace) -> dict[Scope, str]:
    return {
        scope: keys.create(locked, f"a-{scope}", [scope]).secret
        for scope in (Scope.READ, Scope.WRITE)
    }


@pytest.fixture(scope="module")
def server(locked: Workspace, secrets: dict[Scope, str]) -> Iterator[str]:
    with serving(locked.path.parent) as url:
        yield url


def opened(atlas: Watched, view: str, key: str) -> Page:
    page = atlas.open(view)
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Open").click()
    return page


def test_without_the_right_key_nothing_is_shown(atlas: Watched) -> None:
    page = opened(atlas, "", "t2v_no_such_key")
    expect(page.get_by_role("alert")).to_contain_text("did not take that key")
    expect(page.locator("table.tasks")).to_have_count(0)
    assert atlas.axe() == []
    atlas.forgive(401)


def test_a_key_is_kept_for_the_tab_alone(atlas: Watched, secrets: dict[Scope, str]) -> None:
    page = opened(atlas, "#/models", secrets[Scope.READ])
    expect(page.locator("table.data tbody tr")).to_have_count(3)
    page.reload()
    expect(page.locator("table.data tbody tr")).to_have_count(3)
    assert (
        page.evaluate("Object.values(localStorage).some((each) => each.startsWith('t2v'))") is False
    )
    other = page.context.new_page()
    other.goto(f"{atlas.url}/#/models")
    expect(other.get_by_label("Key")).to_be_visible()
    atlas.forgive(401)


def test_what_a_key_may_not_do_is_not_offered(atlas: Watched, secrets: dict[Scope, str]) -> None:
    page = opened(atlas, "#/drop", secrets[Scope.READ])
    expect(page.get_by_text("for looking only")).to_be_visible()
    expect(page.get_by_label("Choose a folder")).to_have_count(0)
    page.goto(f"{atlas.url}/#/outcomes")
    page.locator("data-table").wait_for()
    expect(page.get_by_text("Record outcomes")).to_have_count(0)
    page.goto(f"{atlas.url}/#/recommend/latin_small_letters")
    page.locator(".verdict").wait_for()
    expect(page.get_by_role("button", name="Measure")).to_have_count(0)
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    atlas.forgive(401)


def test_a_key_that_ends_loses_nothing_that_was_typed(
    atlas: Watched, locked: Workspace, secrets: dict[Scope, str], tmp_path: Path
) -> None:
    made = keys.create(locked, "short", [Scope.WRITE])
    images = small_store.cut("tango_icons", tmp_path / "icons", classes=2, images=4)
    page = opened(atlas, "#/drop", made.secret)
    page.get_by_label("Choose a folder").set_input_files(images)
    page.get_by_label("Name of the task").fill("typed by hand")
    keys.revoke(locked, made.record.id)
    # A server that runs refuses it within a second.
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Send, embed and recommend").click()
    expect(page.get_by_role("alert").first).to_contain_text("no longer takes it")

    page.get_by_label("Key").fill(secrets[Scope.WRITE])
    page.get_by_role("button", name="Open").click()
    assert page.get_by_label("Name of the task").input_value() == "typed by hand"
    page.get_by_role("button", name="Send, embed and recommend").click()
    expect(page.get_by_text("Embedding: waits for a worker")).to_be_visible()
    atlas.forgive(401)
