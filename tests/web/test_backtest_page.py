"""The backtest: run as a job, its verdict, table and picture."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import small_store
from playwright.sync_api import expect
from watched import Watched, get, send, serving


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server that works, over a store with an outcome of each model and task."""
    with serving(tmp_path, workers=1) as url:
        outcomes = [
            {"model": f"efficientnet_lite{m}", "task": task, "accuracy": 0.6 + 0.05 * m + 0.02 * t}
            for t, task in enumerate(small_store.TASKS)
            for m in range(3)
        ]
        send(f"{url}/v1/outcomes", {"outcomes": outcomes})
        yield url


def test_it_is_run_and_shown(atlas: Watched) -> None:
    page = atlas.open("#/backtest")
    page.get_by_role("button", name="Run the backtest").click()
    page.locator(".verdict").wait_for(timeout=120_000)

    job = page.url.partition("job=")[2]
    found = get(f"{atlas.url}/v1/jobs/{job}")["result"]
    assert " ".join(page.locator(".verdict .take").inner_text().split()) == found[
        "sentence"
    ].replace("`", "")
    rankers = page.locator("table.data").first.locator("tbody th").all_inner_texts()
    assert rankers == [each["name"].replace("_", " ") for each in found["rankers"]]
    assert page.locator("figure svg circle").count() == len(rankers)
    cases = page.locator("data-table tbody tr")
    expect(cases).to_have_count(len(found["cases"]))
    assert atlas.axe() == []
    page.reload()
    expect(page.locator(".verdict .take")).to_have_text(found["sentence"].replace("`", ""))
