"""Take the pictures of the atlas: `python -m docs.atlas_pictures`; needs Chromium.

Every page of a store with the example tasks is taken, in light and dark colours and on a narrow
screen. It takes some minutes.
"""

import io
import tempfile
import tomllib
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import chromium
from benchmarks.serving import serving
from task2vec import LocalClient

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "pictures"
#: What the pages are about.
TASK, IMAGES = "emoji_food", 60
SCREENS = {"": (1280, 800), "-dark": (1280, 800), "-narrow": (390, 844)}
COLOURS = 256


def main() -> None:
    """Fill a store, serve it, and take a picture of each page."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        store = Path(folder) / "tasks"
        views = fill(store)
        browser = chromium.launch(playwright)
        with serving(store, log=Path(folder) / "log") as server:
            for name, view in views.items():
                for suffix, size in SCREENS.items():
                    target = TARGET / f"atlas-{name}{suffix}.png"
                    take(browser, f"{server.url}/{view}", target, size)
        browser.close()


def fill(store: Path) -> dict[str, str]:
    """Make a store with something to see on each page; return the views by their names."""
    families = tomllib.loads((ROOT / "examples" / "tasks.toml").read_text("utf-8"))["tasks"]
    with LocalClient(store) as client:
        for item in client.batch(ROOT / "examples" / "tasks", images=IMAGES):
            print(item.name, item.status, flush=True)
            client.tasks.edit(item.name, tags=[families[item.name]["family"]])
        client.finetune(TASK, recipe="linear-probe", name="food_expert")
        client.finetune(TASK, recipe="last-stage", name="food_expert_2", epochs=3)
        task = client.tasks.get(TASK).id
    return {
        "map": f"#/?selected={task}",
        "task": f"#/tasks/{task}",
        "recommendation": f"#/recommend/{task}",
        "drop": "#/drop",
        "models": "#/models",
        "outcomes": "#/outcomes",
        "backtest": "#/backtest",
        "jobs": "#/jobs",
    }


def take(browser: Browser, url: str, target: Path, size: tuple[int, int]) -> None:
    """Write a picture of a page, whole but for the map, which fills the screen."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if target.stem.endswith("-dark") else "light",
    )
    page: Page = context.new_page()
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)
    shot = page.screenshot(full_page="map" not in target.stem)
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, 4 * size[1])))
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    context.close()
    print(target.relative_to(ROOT), f"{target.stat().st_size // 1000} kB", flush=True)


if __name__ == "__main__":
    main()
