"""What the atlas takes in Chromium: to come up, to move, to load, and to answer for a folder.

Needs Chromium (Debian: ``apt-get install chromium``). It draws by software: there is no graphics
card where this is measured.
"""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from urllib.request import urlopen

import numpy as np
from playwright.sync_api import Browser, Page, Route, sync_playwright

from benchmarks import chromium
from benchmarks.pictures import write_pictures
from benchmarks.serving import serving
from benchmarks.timed_command import timed

RUNS, IMAGES, CLASSES, SIZE = 5, 300, 5, (500, 375)
COUNTS = (10_000, 100_000)
GOAL_MAP, GOAL_PAINT, GOAL_FRAMES, GOAL_BYTES, GOAL_RATIO = 2.0, 1.0, 30.0, 400_000, 1.1
_SECONDS_OF_MOVING = 5.0
_BUILT = Path(__file__).parents[1] / "api/task2vec_api/pages/atlas"
_TASK2VEC = [sys.executable, "-m", "task2vec"]
#: An answer that leaves the default, and one that keeps it.
_ANSWERED = (0, 3)
_JSON = "application/json"
_LABEL = "map-labels .label"
# Counts the frames in which something was drawn, as opposed to those in which nothing had changed.
_COUNT_FRAMES = """
globalThis.frames = 0;
let drawn = false;
for (const name of ["drawArrays", "drawElements", "drawArraysInstanced"]) {
  const before = WebGL2RenderingContext.prototype[name];
  WebGL2RenderingContext.prototype[name] = function (...more) {
    if (!drawn) requestAnimationFrame(() => { globalThis.frames++; drawn = false; });
    drawn = true;
    return before.apply(this, more);
  };
}
"""

# Turns a wheel forth and back, a step for each frame, and returns the frames a second.
_TURN_A_WHEEL = """
([clientX, clientY, milliseconds]) => new Promise((done) => {
  const map = document.elementFromPoint(clientX, clientY);
  const [begun, before] = [performance.now(), frames];
  let turn = 0;
  const step = () => {
    const spent = performance.now() - begun;
    if (spent > milliseconds) return done((frames - before) * 1000 / spent);
    const deltaY = Math.floor(turn++ / 30) % 2 ? 30 : -30;
    const more = { bubbles: true, cancelable: true };
    map.dispatchEvent(new WheelEvent("wheel", { deltaY, clientX, clientY, ...more }));
    requestAnimationFrame(step);
  };
  step();
})
"""


def measure() -> dict[str, Any] | None:
    """Return seconds to the map, frames a second, bytes, and the page over the command line."""
    if chromium.PATH is None:
        print(f"{chromium.MISSING}: nothing is recorded", flush=True)
        return None
    with TemporaryDirectory(prefix="task2vec-atlas-") as place, sync_playwright() as playwright:
        folder = Path(place)
        browser = chromium.launch(playwright)
        result = {
            "open": _opened(browser, folder),
            "frames_a_second": _frames(browser, folder),
            "script": _script(),
            "folder": _dropped(browser, folder),
        }
        browser.close()
    return result


def _opened(browser: Browser, folder: Path) -> dict[str, Any]:
    """Measure from the start of ``task2vec open`` until the names stand on the map.

    The store holds the 34 tasks that ship. Of the runs the first, which fills the disk's cache,
    is left out. ``answered`` is when the server has said its address; first paint counts from then.
    """
    store = folder / "shipped"
    timed([*_TASK2VEC, "bundle", "import", "development"], TASK2VEC_STORE=str(store))
    runs = [_open_once(browser, store) for _ in range(RUNS + 1)][1:]
    seconds = {
        name: round(median(run[name] for run in runs), 2) for name in ("answered", "paint", "map")
    }
    return {
        "runs": RUNS,
        **{f"seconds_to_{name}": taken for name, taken in seconds.items()},
        "seconds_to_map_all": [round(run["map"], 2) for run in runs],
        "goal": f"map <= {GOAL_MAP:g} s, paint <= {GOAL_PAINT:g} s after the server has answered",
        "met": seconds["map"] <= GOAL_MAP and seconds["paint"] <= GOAL_PAINT,
    }


def _open_once(browser: Browser, store: Path) -> dict[str, float]:
    command = [*_TASK2VEC, "open", "--no-browser", "--json", "--store", str(store)]
    with _page(browser) as page:
        begun = perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["url"]
            answered = perf_counter() - begun
            page.goto(url)
            page.locator(_LABEL).first.wait_for()
            shown = perf_counter() - begun
            paint = page.evaluate("performance.getEntriesByType('paint')[0].startTime / 1000")
            server.terminate()
    return {"answered": answered, "paint": float(paint), "map": shown}


def _frames(browser: Browser, folder: Path) -> dict[str, Any]:
    """Measure frames drawn in a second while the map is dragged and zoomed, by number of tasks.

    The places are random, and given to the page in the answers of a server: so much the browser
    has to draw, whatever a server takes.
    """
    found: dict[str, Any] = {}
    with serving(folder / "shipped", log=folder / "frames.log") as server:
        for count in COUNTS:
            with _page(browser) as page:
                page.add_init_script(_COUNT_FRAMES)
                _answer_with(page, server.url, count)
                page.goto(server.url)
                page.locator(_LABEL).first.wait_for(timeout=300_000)
                page.wait_for_load_state("networkidle", timeout=300_000)
                found[str(count)] = {"pan": _panned(page), "zoom": _zoomed(page)}
    least = min(found[str(COUNTS[0])].values())
    return {**found, "goal": f">= {GOAL_FRAMES:g} with 10,000 tasks", "met": least >= GOAL_FRAMES}


def _answer_with(page: Page, url: str, count: int) -> None:
    """Let the page get ``count`` tasks like the first one of the server."""
    with urlopen(f"{url}/v1/map/columns") as answer:
        columns = json.load(answer)
    with urlopen(f"{url}/v1/tasks?page_size=1") as answer:
        (first,) = json.load(answer)["tasks"]
    rng = np.random.default_rng(0)
    ids = [f"tsk_{number:026}" for number in range(count)]
    names = [f"task {number}" for number in range(count)]
    rows = {name: each for name, each in columns.items() if isinstance(each, list) and each}
    many = {name: [each[0]] * count for name, each in rows.items() if name != "warnings"}
    places = rng.normal(size=(2, count)).round(5).tolist()
    images = rng.integers(10, 1000, count).tolist()
    placed = {"ids": ids, "names": names, "x": places[0], "y": places[1], "images": images}
    body = json.dumps(columns | many | placed)

    def listed(route: Route) -> None:
        start = int(route.request.url.partition("page_token=")[2].partition("&")[0] or 0)
        rows = range(start, min(start + 1000, count))
        page_of = [first | {"id": ids[i], "name": names[i], "images": images[i]} for i in rows]
        after = str(rows.stop) if rows.stop < count else None
        route.fulfill(json={"tasks": page_of, "next_page_token": after})

    page.route("**/v1/map/columns*", lambda route: route.fulfill(body=body, content_type=_JSON))
    page.route("**/v1/tasks?*", listed)


def _panned(page: Page) -> float:
    """Return the frames a second while the pointer drags the map around."""
    x, y = _middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    before, begun, turn = page.evaluate("frames"), perf_counter(), 0
    while (spent := perf_counter() - begun) < _SECONDS_OF_MOVING:
        page.mouse.move(x + 100 * np.sin(turn / 10), y + 60 * np.cos(turn / 10))
        turn += 1
    page.mouse.up()
    return round((int(page.evaluate("frames")) - int(before)) / spent, 1)


def _zoomed(page: Page) -> float:
    """Return the same while a wheel turns; playwright's own turns 30 times a second only."""
    given = [*_middle(page), 1000 * _SECONDS_OF_MOVING]
    return round(float(page.evaluate(_TURN_A_WHEEL, given)), 1)


def _middle(page: Page) -> tuple[float, float]:
    box = page.locator("map-canvas canvas").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _script() -> dict[str, Any]:
    sizes = {
        each.name: len(gzip.compress(each.read_bytes())) for each in sorted(_BUILT.glob("*.js"))
    }
    total = sum(sizes.values())
    return {
        "gzipped_bytes": total,
        "files": sizes,
        "goal": f"<= {GOAL_BYTES} bytes",
        "met": total <= GOAL_BYTES,
    }


def _dropped(browser: Browser, folder: Path) -> dict[str, Any]:
    """Measure from a choice of a folder to its recommendation, and the same as one command.

    In turns, each time other images, on which nothing is measured. Both rest on the tasks that
    ship: the server's store holds them, the command reads them beside its own. The server has
    loaded its network before; a command loads it each time.
    """
    on_page, by_commands = [], []
    with (
        serving(folder / "shipped", log=folder / "drop.log", workers=1) as server,
        _page(browser) as page,
    ):
        for run in range(RUNS + 1):
            source = write_pictures(
                folder / f"run-{run}", images=IMAGES, classes=CLASSES, size=SIZE, seed=run
            )
            on_page.append(_drop(page, server.url, source))
            by_commands.append(_command(source, folder / "commands"))
    ratio = median(on_page[1:]) / median(by_commands[1:])
    return {
        "images": IMAGES,
        "size": list(SIZE),
        "runs": RUNS,
        "seconds_on_the_page": round(median(on_page[1:]), 2),
        "seconds_of_the_command": round(median(by_commands[1:]), 2),
        "ratio": round(ratio, 2),
        "goal": f"<= {GOAL_RATIO:g}",
        "met": ratio <= GOAL_RATIO,
    }


def _drop(page: Page, url: str, source: Path) -> float:
    page.goto(f"{url}/#/drop")
    begun = perf_counter()
    page.get_by_label("Choose a folder").set_input_files(source)
    page.get_by_role("button", name="Send, embed and recommend").click()
    page.locator(".verdict").wait_for()
    return perf_counter() - begun


def _command(source: Path, store: Path) -> float:
    command = [*_TASK2VEC, "recommend", str(source), "--budget", "0", "--json"]
    return timed(command, codes=_ANSWERED, TASK2VEC_STORE=str(store))[0]


@contextmanager
def _page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(120_000)
    yield context.new_page()
    context.close()
