"""The packaged outcomes: what is shipped, where it is from, and that damage is told."""

import csv
from collections import Counter

import pytest

from research.published.outcomes import (
    TABLE,
    Metric,
    PublishedOutcome,
    published_outcomes,
    read_outcomes,
)
from task2vec.errors import InputError
from task2vec.recommendation.published.models import published_sources, read_sources

HEADER = "collection,target,model,metric,value,protocol\n"
ROW = "parc-all,cifar10,tiny,accuracy,92.5,fine-tuning\n"


def test_every_row_is_read_back_as_it_is_written() -> None:
    text = TABLE.read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == len(published_outcomes()) == 1175
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


def test_areas_are_fractions_and_the_rest_was_percent() -> None:
    text = HEADER + ROW + "medmnist-by-source,breastmnist,tiny,auc,0.885,full\n"
    assert read_outcomes(text) == (
        PublishedOutcome("parc-all", "cifar10", "tiny", Metric.ACCURACY, 0.925, "fine-tuning"),
        PublishedOutcome("medmnist-by-source", "breastmnist", "tiny", Metric.AUC, 0.885, "full"),
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((HEADER, "collection,target,model\n"), "other columns"),
        (("92.5,", ""), "Line 2"),
        (("92.5", ""), "value"),
        (("92.5", "100.5"), "value"),
        (("92.5", "0.925"), "value"),
        (("92.5", "nan"), "value"),
        (("accuracy", "error"), "metric"),
        (("accuracy", "auc"), "value"),
        (("parc-all", "elsewhere"), "collection"),
        (("tiny", ""), "model"),
        ((ROW, ROW + ROW), "one outcome of a model on a target"),
        ((ROW, ROW + ROW.replace("tiny", "b").replace("accuracy", "voc-map")), "one metric"),
        ((ROW, ROW + ROW.replace("tiny", "b").replace("fine-tuning", "probe")), "one metric"),
    ],
)
def test_damage_is_told_by_its_place(change: tuple[str, str], told: str) -> None:
    damaged = (HEADER + ROW).replace(*change, 1)
    assert damaged != HEADER + ROW
    with pytest.raises(InputError, match=told):
        read_outcomes(damaged)


def test_a_source_is_named_once_and_whole() -> None:
    header = "collection,about,source,revision,licence\n"
    row = "a,b,c/d,0123456789ab,MIT\n"
    assert list(read_sources(header + row)) == ["a"]
    with pytest.raises(InputError, match="one row a collection"):
        read_sources(header + row + row)
    with pytest.raises(InputError, match="licence"):
        read_sources(header + row.replace("MIT", ""))


def test_loaded_once() -> None:
    assert published_outcomes() is published_outcomes()
    assert published_sources() is published_sources()
