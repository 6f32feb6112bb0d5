"""The packaged outcomes: what is shipped, and where it is from."""

import csv
from collections import Counter

import pytest

from research.published.outcomes import TABLE, published_outcomes
from task2vec.recommendation.published.models import published_sources


def test_every_row_is_read_back_as_it_is_written() -> None:
    text = TABLE.read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == len(published_outcomes()) == 1175
    # A target of a collection is measured in one way, each model on it once.
    one = {(o.collection, o.target, o.model) for o in published_outcomes()}
    assert len(one) == 1175
    ways = {(o.collection, o.target): (o.metric, o.protocol) for o in published_outcomes()}
    assert all(ways[o.collection, o.target] == (o.metric, o.protocol) for o in published_outcomes())
    for row, read in zip(rows, published_outcomes(), strict=True):
        value = read.value if row["metric"] == "auc" else 100 * read.value
        assert value == pytest.approx(float(row["value"]), abs=1e-5)
        assert 0 < read.value <= 1
        named = (read.collection, read.target, read.model, read.metric.value, read.protocol)
        assert named == tuple(cell for column, cell in row.items() if column != "value")


def test_the_collections_have_the_sizes_that_are_told() -> None:
    cells = Counter(outcome.collection for outcome in published_outcomes())
    assert cells == {
        "sfda-supervised": 11 * 11,
        "sfda-selfsupervised": 11 * 12,
        "parc-controlled": 7 * 28,
        "parc-all": 459,
        "medmnist-by-source": 168,
        "medmnist-by-architecture": 11 * 9,
    }
    models = {
        collection: len({o.model for o in published_outcomes() if o.collection == collection})
        for collection in cells
    }
    assert models == {
        "sfda-supervised": 11,
        "sfda-selfsupervised": 12,
        "parc-controlled": 32,
        "parc-all": 70,
        "medmnist-by-source": 15,
        "medmnist-by-architecture": 9,
    }


def test_one_collection_repeats_another() -> None:
    def of(collection: str) -> set[tuple[str, str, float]]:
        return {
            (o.target, o.model, o.value) for o in published_outcomes() if o.collection == collection
        }

    assert of("parc-controlled") < of("parc-all")


def test_every_collection_names_its_source() -> None:
    sources = published_sources()
    assert set(sources) == {"timm", *(outcome.collection for outcome in published_outcomes())}
    for source in sources.values():
        assert source.source.count("/") == 1
        assert len(source.revision) == 12
        assert int(source.revision, 16)
    without = {name for name, source in sources.items() if "no licence file" in source.licence}
    assert without == {
        "sfda-supervised",
        "sfda-selfsupervised",
        "parc-controlled",
        "parc-all",
    }
