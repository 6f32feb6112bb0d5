"""The page of measured performance against the benchmarks and their results."""

import json

import pytest

from benchmarks.__main__ import BENCHMARKS, LONG
from docs import performance

MACHINE = {"processor": "abacus", "cores": 2}
COLD = {
    "embed_seconds": 11.04,
    "images": 200,
    "embed_over_libraries": 2.04,
    "import_seconds": 0.123,
    "goal": "fast",
}


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(performance, "RESULTS", tmp_path)

    def write(name, **result):
        found = {"date": "2026-11-25", "machine": MACHINE, "result": result}
        (tmp_path / f"{name}.json").write_text(json.dumps(found))

    return write


def rows():
    return [line for line in performance.performance().splitlines() if "abacus" in line]


def test_every_figure_is_a_benchmark():
    assert set(performance.FIGURES) <= set(BENCHMARKS | LONG)


def test_what_was_not_measured_is_left_out(results):
    assert rows() == []
    results("cold_start", **COLD, met=True)
    (row,) = rows()
    told = "11.0 s for 200 pictures, 2.0 times a process that only imports torch, timm and"
    assert f"| {told} scikit-learn; import of `task2vec` 0.12 s | fast | yes |" in row
    assert "(../benchmarks/results/cold_start.json)" in row


def test_a_missed_goal_stands_out(results):
    results("cold_start", **COLD, met=False)
    assert "| **no** |" in rows()[0]


def test_numbers_of_images_and_classes_are_not_ordered_as_words(results):
    run = {"all_but_head": 1.0, "head": 0.25}
    results(
        "scaling",
        seconds_by_images={"100": run, "300": run, "3000": run},
        seconds_by_classes={"2": run, "10": run, "1000": run},
        time_grows_as_images_to_the=1.01,
        spread_over_classes_apart_from_the_head=0.04,
    )
    assert "100 to 3,000 images: time grows as images to the 1.01; 2 to 1,000 classes" in rows()[0]
    assert "within 4%" in rows()[0]


def test_the_command_information_by_both_clocks(results):
    task = {"images": 100, "wall_seconds": 1234.5, "processor_seconds": 700.2, "curve": [{}, {}]}
    results("information_default", tasks={"food": task})
    assert "food: 100 images and 2 betas in 1,234 s, of the processor 700 s" in rows()[0]


def test_passes_name_the_layers_and_what_is_missed(results):
    one = {
        "network": "net",
        "layers": "depthwise",
        "ratio": 0.512,
        "ratio_to_channels_last": 0.75,
        "counted_floor": 0.69,
        "goal": "ratio <= 0.8",
        "met": True,
    }
    results("passes", networks=[one, {**one, "layers": "all", "met": False}], met=False)
    (row,) = rows()
    assert "net, depthwise layers: 0.51 (0.75 of the same in channels last" in row
    assert row.count("missed") == 1
    assert "all layers: 0.51" in row


def test_repeats_with_and_without_noise(results):
    results(
        "repeatability",
        ratio_only_signs_change=0.0389,
        ratio_two_seeds=0.06,
        ratio_disjoint_halves=0.2039,
        ratio_disjoint_halves_without_noise=0.0759,
    )
    assert "only signs new 0.039" in rows()[0]
    assert "own 0.204, and 0.076 without noise" in rows()[0]


def test_coverage_in_percent(results):
    results("coverage", covered=0.954, cells=[{}] * 12, runs=100)
    assert "95.4% over 12 pairs, 100 runs each" in rows()[0]
