"""What all pictures have in common: where they may be written, and what stays on their paper."""

import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from io import BytesIO
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image
from test_backtest_picture import COVERAGE, GAINS, ranker
from test_confusion import many
from test_curve import CURVE
from test_map import photograph, tasks
from test_trade import MODELS

from task2vec.errors import InputError
from task2vec.plots.backtest import compose_backtest
from task2vec.plots.confusion import compose_confusion
from task2vec.plots.curve import compose_curve
from task2vec.plots.figure import check_target, save
from task2vec.plots.map import compose_map
from task2vec.plots.trade import Traded, compose_trade

LONG = "a title that is longer than any paper is wide " * 4
CROWD = [
    Traded(f"architecture_{i}.of_some_weights", float(a), float(c), best=i % 2 == 0)
    for i, (a, c) in enumerate(
        np.random.default_rng(0).uniform([0.3, 1e5], [0.9, 1e9], size=(60, 2))
    )
]
RULES = [ranker(f"rule {i}", i - 10, i - 30, i + 10) for i in range(20)]

PICTURES: dict[str, Callable[[], Figure]] = {
    "trade": lambda: compose_trade(MODELS),
    "trade of many": lambda: compose_trade(CROWD, figure="sketch", cost="operations"),
    "trade of one": lambda: compose_trade(MODELS[:1]),
    "backtest": lambda: compose_backtest(GAINS, COVERAGE, title=LONG),
    "backtest of many": lambda: compose_backtest(RULES, COVERAGE, title=LONG),
    "curve": lambda: compose_curve(CURVE, title=LONG, loss_of_guessing=1.6, nats_of_place=1.6e6),
    **{f"{n} classes": lambda n=n: compose_confusion(many(n), title=LONG) for n in (2, 17, 60)},
    "map": lambda: compose_map(tasks(8, thumbnail=photograph()), thumbnails=True, title="Tasks"),
}


@pytest.mark.parametrize("compose", PICTURES.values(), ids=PICTURES)
def test_everything_stays_on_the_paper_and_no_name_covers_another(
    compose: Callable[[], Figure],
) -> None:
    figure = compose()
    texts = [text for text in figure.findobj(Text) if text.get_text()]
    for text in texts:
        box = text.get_window_extent()
        assert min(box.x0, box.y0) >= 0, text
        assert box.x1 <= figure.bbox.x1, text
        assert box.y1 <= figure.bbox.y1, text
    names = [text.get_window_extent() for text in texts if text.get_gid() == "label"]
    assert not any(one.overlaps(other) for one, other in combinations(names, 2))


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".PNG"])
def test_the_same_picture_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    written = []
    for name in ("one", "two"):
        path = (tmp_path / name).with_suffix(suffix)
        save(PICTURES["map"](), path)
        written.append(path.read_bytes())
    assert written[0] == written[1]
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"one{suffix}", f"two{suffix}"]
    match suffix.lower():
        case ".png":
            with Image.open(BytesIO(written[0])) as image:
                assert (image.format, image.size) == ("PNG", (1800, 1300))
                image.load()
        case ".svg":
            assert ElementTree.fromstring(written[0]).tag.endswith("svg")
        case ".pdf":
            assert written[0].startswith(b"%PDF")


def test_threads_do_not_disturb_each_other() -> None:
    alone = BytesIO()
    save(compose_map(tasks(6)), alone)
    streams = [BytesIO() for _ in range(4)]
    threads = [
        threading.Thread(target=lambda stream=s: save(compose_map(tasks(6)), stream))
        for s in streams
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {stream.getvalue() for stream in streams} == {alone.getvalue()}


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        *((name, r"\.png, \.svg, \.pdf.*Try .*\.png") for name in ("map.gif", "map", ".")),
        ("nowhere/map.png", "folder that exists"),
        ("folder.png", "cannot be written"),
    ],
)
def test_where_no_picture_can_be_written(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InputError, match=problem):
        check_target(tmp_path / name)
    with pytest.raises(InputError, match=problem):
        save(PICTURES["trade"](), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


def test_drawing_needs_no_pyplot_and_the_package_no_matplotlib() -> None:
    pictures = ("trade", "backtest", "confusion", "curve", "map")
    modules = ", ".join(f"task2vec.plots.{picture}" for picture in pictures)
    code = (
        "import sys, task2vec.plots; assert 'matplotlib' not in sys.modules;"
        f"assert 'sklearn' not in sys.modules; import {modules};"
        "assert 'matplotlib.pyplot' not in sys.modules; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
