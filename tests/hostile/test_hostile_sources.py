"""Hostile sources, a fiftieth of what `python -m hostile sources` opens."""

import json
from pathlib import Path

import numpy as np
import pytest

from hostile.case import SENTINEL, Case, good_files, put, sentinel
from hostile.mutate import mutate
from hostile.names import traversal_names
from hostile.sources import end_of, measure


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read from /proc")
def test_hostile_sources_are_refused_or_read_without_what_is_bad() -> None:
    result = measure(50, seed=1)
    assert result["faults"] == []
    assert result["sources"] == 50
    ends = {end for counts in result["ends"].values() for end in counts}
    assert ends - {"not made (OSError)", "not made (ValueError)"} == {
        "read",
        "read in part",
        "refused",
    }


def test_the_recorded_run_was_large_and_without_faults() -> None:
    recorded = json.loads(Path(__file__).with_name("sources.json").read_text())["result"]
    assert recorded["sources"] >= 2_000
    assert recorded["traversal_names"] >= 100
    assert recorded["faults"] == []


def test_over_a_hundred_names_try_to_lead_out() -> None:
    names = traversal_names(Path("/tmp/somewhere/case"))
    assert len(set(names)) == len(names) >= 100


def test_what_gives_the_image_outside_counts_as_a_fault(tmp_path: Path) -> None:
    put(tmp_path, {**good_files(), "b/secret.png": sentinel()})
    assert end_of(tmp_path) == ("escaped", "gave the image outside")


def test_an_error_of_another_kind_counts_as_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("hostile.sources.open_source", fail)
    end, fault = end_of(put(tmp_path, good_files()))
    assert end == "crashed"
    assert "KeyError" in str(fault)


def test_damage_depends_on_the_seed_alone() -> None:
    data = bytes(range(256))

    def damaged(seed: int) -> list[bytes]:
        random = np.random.default_rng(seed)
        return [mutate(data, other=data[::-1], random=random) for _ in range(50)]

    assert damaged(0) == damaged(0) != damaged(1)
    assert sum(found != data for found in damaged(0)) >= 45


def test_the_colour_outside_is_in_no_good_image(tmp_path: Path) -> None:
    case = Case("good", "files", lambda folder: put(folder, good_files()))
    assert end_of(case.write(tmp_path)) == ("read", None)
    assert max(SENTINEL) > 200
