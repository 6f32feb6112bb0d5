"""The replayed probes are those of the table, and the verdict is about the bundle that ships."""

import csv
import json

import pytest

from research.fresh_store import OUT
from research.transfer.replayed_probes import read_probes
from research.transfer.scores import TABLE
from task2vec.recommendation.measure.probe_accuracy import paired_gain
from task2vec.service.bundles.shipped import shipped
from task2vec.service.packaged_models import default_model_id, packaged_models


def test_replayed_probes_give_the_gains_of_the_table() -> None:
    ids = {model.name: model.id for model in packaged_models()}
    probes, rows = read_probes(), 0
    with TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["model"] not in ids or ids[row["model"]] == default_model_id():
                continue
            found = probes[row["target"], row["budget"], int(row["draw"])]
            paired = paired_gain(found[ids[row["model"]]], found[default_model_id()])
            assert found[ids[row["model"]]].accuracy == pytest.approx(
                float(row["linear_probe"]), abs=1e-4
            )
            assert paired.gain == pytest.approx(float(row["linear_probe_gain"]), abs=1e-4)
            assert paired.variance == pytest.approx(float(row["linear_probe_variance"]), rel=1e-3)
            rows += 1
    assert rows == 36 * 2 * 4


def test_the_verdict_is_that_a_fresh_store_is_better_or_silent() -> None:
    document = json.loads(OUT.read_text(encoding="utf-8"))
    assert document["bundle"] == shipped().bundle.sha256
    for key, found in document["result"].items():
        assert found["with"]["gain_points"][1] >= 0, key
        assert found["with"]["harms"][0] <= found["without"]["harms"][0], key
        if "nothing measured" in key:
            assert found["with"]["accuracy_foretold"][0] == 1, key
