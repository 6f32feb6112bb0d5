"""Models, outcomes, jobs and the backtest: lists that filter and sort, and what is done in them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import small_store
from playwright.sync_api import Page, expect
from watched import Watched, get, send, serving

NARROW = {"viewport": {"width": 360, "height": 740}}
DARK = {"color_scheme": "dark"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server without workers, over a store of its own."""
    with serving(tmp_path) as url:
        yield url


def first_column(page: Page) -> list[str]:
    return page.locator("table.data tbody tr td:first-child .name").all_inner_texts()


def test_models_are_sorted_and_found(atlas: Watched) -> None:
    page = atlas.open("#/models")
    page.locator("table.data").wait_for()
    names = first_column(page)
    assert names == [each["name"] for each in get(f"{atlas.url}/v1/models")["models"]]

    page.get_by_role("button", name="parameters").click()
    assert page.locator("th[aria-sort=descending]").count() == 1
    assert first_column(page) == sorted(names, reverse=True)
    page.get_by_label("Search models").fill("lite1")
    assert first_column(page) == ["efficientnet_lite1"]
    expect(page.get_by_text("models: 1 of 3")).to_be_visible()


def test_an_outcome_is_recorded_and_taken_back(atlas: Watched) -> None:
    page = atlas.open("#/outcomes")
    page.get_by_text("Record outcomes").click()
    page.get_by_role("combobox", name="Model").select_option("efficientnet_lite1")
    page.get_by_role("combobox", name="Task").select_option("fashion_tops")
    page.get_by_label("Accuracy, percent").fill("91.5")
    page.get_by_label("Test images").fill("200")
    page.get_by_role("button", name="Record", exact=True).click()

    expect(page.get_by_text("The outcome is recorded.")).to_be_visible()
    (kept,) = get(f"{atlas.url}/v1/outcomes")["outcomes"]
    assert (kept["model"], kept["task"], kept["images"]) == (
        "efficientnet_lite1",
        "fashion_tops",
        200,
    )
    assert kept["accuracy"] == pytest.approx(0.915)
    expect(page.locator("table.data")).to_contain_text("91.5 %")

    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("is taken back")).to_be_visible()
    assert get(f"{atlas.url}/v1/outcomes")["outcomes"] == []


def test_a_csv_file_is_recorded_whole_or_not_at_all(atlas: Watched, tmp_path: Path) -> None:
    page = atlas.open("#/outcomes")
    page.get_by_text("Record outcomes").click()
    file = tmp_path / "outcomes.csv"

    def bring(*lines: str) -> None:
        file.write_text("\n".join(lines), encoding="utf-8")
        page.get_by_label("Choose a file").set_input_files([])
        page.get_by_label("Choose a file").set_input_files(file)

    good = "efficientnet_lite0,fashion_tops,0.9"
    bring("model,task,accuracy", good, "efficientnet_lite1,fashion_tops,much")
    expect(page.get_by_role("alert")).to_contain_text(
        'Line 3: accuracy has to be a number, and is "much"'
    )
    bring("model,task,score", good)
    expect(page.get_by_role("alert")).to_contain_text("Missing: accuracy")
    bring("model,task,accuracy", good, "efficientnet_lite1,nowhere,0.5")
    expect(page.get_by_role("alert")).to_contain_text("nowhere")
    assert get(f"{atlas.url}/v1/outcomes")["outcomes"] == []

    bring(
        "\ufeffmodel,task,accuracy,images", f"{good},50", '"efficientnet_lite1",fashion_tops,0.8,'
    )
    expect(page.get_by_text("2 outcomes are recorded.")).to_be_visible()
    found = get(f"{atlas.url}/v1/outcomes")["outcomes"]
    assert [(each["model"], each["images"]) for each in found] == [
        ("efficientnet_lite0", 50),
        ("efficientnet_lite1", None),
    ]
    atlas.forgive(404)


def test_jobs_are_live_cancelled_and_tried_again(atlas: Watched, tmp_path: Path) -> None:
    page = atlas.open("#/jobs")
    expect(page.get_by_text("No jobs yet.")).to_be_visible()
    other = page.context.new_page()
    other.goto(f"{atlas.url}/#/drop")
    images = small_store.cut("tango_icons", tmp_path / "icons", classes=2, images=4)
    other.get_by_label("Choose a folder").set_input_files(images)
    other.get_by_role("button", name="Send, embed and recommend").click()
    row = page.locator("table.data tbody tr")
    expect(row).to_contain_text("icons")
    expect(row).to_contain_text("queued")
    (job,) = get(f"{atlas.url}/v1/jobs")["jobs"]

    def state() -> str:
        return str(get(f"{atlas.url}/v1/jobs/{job['id']}")["state"])

    page.get_by_role("button", name=f"Cancel {job['id']}").click()
    expect(row).to_contain_text("cancelled")
    assert state() == "cancelled"
    expect(other.get_by_text("It was cancelled.")).to_be_visible()
    page.get_by_role("button", name=f"Try {job['id']} again").click()
    expect(row).to_contain_text("queued")
    assert state() == "queued"


@pytest.mark.parametrize(
    "atlas", [{}, DARK, NARROW], indirect=True, ids=["light", "dark", "narrow"]
)
def test_axe_finds_nothing(atlas: Watched) -> None:
    send(f"{atlas.url}/v1/backtests", {"folds": "task"})
    record = {"model": "efficientnet_lite0", "task": "fashion_tops", "accuracy": 0.9}
    send(f"{atlas.url}/v1/outcomes", {"outcomes": [record]})
    for view in ("models", "outcomes", "jobs", "backtest"):
        page = atlas.open(f"#/{view}")
        if view != "backtest":
            page.locator("table.data").wait_for()
        assert (view, atlas.axe()) == (view, [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
