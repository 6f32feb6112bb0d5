"""A store judged by its own outcomes: real embeddings, copies, families, and too little of each."""

from pathlib import Path

import backtest_store
import numpy as np
import pytest
import small_store
from factories import replace

from task2vec.distance import symmetric_distance
from task2vec.distance.scatter import compare_scatters
from task2vec.jobs.backtest import backtest, world_of_store
from task2vec.messages.backtests import BacktestQuestion, Folds, Verdict
from task2vec.messages.outcomes import StoredOutcome
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.service.bundles.importing import import_shipped
from task2vec.service.bundles.shipped import SHIPPED
from task2vec.service.models.zoo import list_models
from task2vec.service.packaged_models import default_model_id
from task2vec.service.workspace import Workspace
from task2vec.store.store import Store

RANKERS = [
    *("always_default", "static_average", "nearest_only", "nearest_asymmetric"),
    *("near_outcomes_5", "task2vec"),
]

PLAIN = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("backtest") / "store"
    return backtest_store.fill(small_store.build().store, target)


@pytest.fixture(scope="module")
def found_in_full(full: Path):
    return judged(full)


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Eight tasks, each with one relative: enough to see what is hidden, and quickly judged."""
    return backtest_store.fill(small_store.build().store, tmp_path / "few", relatives=1)


def judged(store: Path, folds: Folds = Folds.TASK):
    with Workspace(store) as workspace:
        return backtest(workspace, BacktestQuestion(folds=folds))


def test_relatives_are_found_and_gain_where_the_zoo_holds_them(found_in_full):
    found = found_in_full
    assert [ranker.name for ranker in found.rankers] == RANKERS
    ours, static = found.rankers[-1], found.rankers[1]
    assert ours.ci.gain[0] > 0.15
    assert ours.headroom_captured > 0.9
    assert ours.weighted_kendall > static.weighted_kendall
    assert static.ours_minus.ci.gain[0] > 0.1
    assert (found.tasks, found.models) == (12, 15)
    # Here the nearest task's expert is as good an answer, and that is what is said.
    assert "points" in found.sentence
    assert found.probe == "efficientnet_lite0"


def test_without_its_family_it_takes_no_expert(full):
    found = judged(full, Folds.FAMILY)
    ours, nearest = found.rankers[-1], found.rankers[2]
    assert all(case.chosen in PLAIN for case in found.cases)
    assert ours.gain > -0.005
    assert nearest.ci.gain[1] < 0
    assert found.verdict is Verdict.NO
    assert {case.family_from for case in found.cases} == {"cluster"}
    assert len({case.family for case in found.cases}) == 4


def test_tags_name_the_families(few):
    with Store.open(few, create=False) as store:
        for record in store.tasks.list():
            store.tasks.edit(record.id, tags=("own", f"family:{record.name}"))
    told = []
    with Workspace(few) as workspace:
        question = BacktestQuestion(folds=Folds.FAMILY)
        cases = backtest(workspace, question, progress=lambda *step: told.append(step)).cases
    assert told == [(i + 1, 8) for i in range(8)]
    assert [(case.family, case.family_from) for case in cases] == [
        (case.task, "tag") for case in cases
    ]
    # Every task is a family of its own then, and its relatives may speak.
    assert not any(case.abstained for case in cases)


def test_the_world_is_what_the_store_holds(full):
    with Workspace(full) as workspace:
        store = workspace.store()
        records = store.tasks.list()
        outcomes = store.outcomes.list()
        models = list_models(workspace)
        world = world_of_store(store, records, models, GainTable(outcomes, default_model_id()))
        values = [store.tasks.embedding(record.id).values.astype(float) for record in records]
        scatters = [store.tasks.details(record.id).scatter for record in records]
    precision = records[0].provenance.space.prior_precision
    for i, a in enumerate(values):
        for j, b in enumerate(values):
            distance = float(symmetric_distance(a + precision, b + precision))
            assert world.symmetric[i, j] == pytest.approx(0 if i == j else distance, abs=1e-12)
            assert world.asymmetric[i, j] == pytest.approx(
                world.symmetric[i, j] - 0.15 * records[i].complexity
            )
    found = compare_scatters(scatters)
    overlaps, agreements = found.overlap, found.agreement
    np.testing.assert_allclose(world.overlap, overlaps)
    np.testing.assert_allclose(world.agreement, agreements)
    assert overlaps.min() < 0.5
    by_pair = {(o.model, o.task): o.accuracy for o in outcomes}
    ids = {model.name: model.id for model in models}
    for m, model in enumerate(world.models):
        for t, record in enumerate(records):
            known = by_pair.get((ids[model], record.id))
            if known is None or m == world.default:
                assert np.isnan(world.gains[m, t])
            else:
                plain = by_pair[default_model_id(), record.id]
                assert world.gains[m, t] == pytest.approx(known - plain)
    assert world.expected[world.models.index("efficientnet_lite2")] > 0


def test_copies_are_no_evidence_for_each_other(found_in_full, tmp_path):
    small = small_store.build().store
    found = judged(backtest_store.fill(small, tmp_path / "copied", copies=True))
    # Of twelve tasks four are left, and the experts of a task's copies are not offered for it.
    assert found.tasks == 4
    assert found.shared_pairs == 4 * 3
    assert all(case.offered == 12 for case in found.cases)
    assert all(case.chosen in PLAIN for case in found.cases)
    assert not any(case.chosen in PLAIN for case in found_in_full.cases)


def test_tasks_of_the_same_files_are_no_evidence_for_each_other(found_in_full, few):
    with Store.open(few, create=False) as store:
        mixed = store.tasks.get("emoji_food")
        record, embedding = store.tasks.get("emoji_food_0"), store.tasks.embedding("emoji_food_0")
        again = f"{mixed.source_signature.rpartition(':')[0]}:other settings"
        store.tasks.add(replace(record, source_signature=again), embedding, replace=True)
    found = judged(few)
    cases = {case.task: case for case in found.cases}
    assert len(cases) == 8
    assert found.shared_pairs == 1
    assert found_in_full.shared_pairs == 0
    for name, case in cases.items():
        assert (case.chosen in PLAIN) == name.startswith("emoji_food")
        assert case.offered == (9 if name.startswith("emoji_food") else 10)


def test_of_few_tasks_it_cannot_tell_but_shows_the_table(tmp_path):
    store = backtest_store.fill(small_store.build().store, tmp_path / "store", tasks=7)
    found = judged(store)
    assert found.tasks == 7
    assert found.verdict is Verdict.UNKNOWN
    assert "7 tasks have them" in found.sentence
    assert [ranker.name for ranker in found.rankers] == RANKERS


def test_without_outcomes_it_says_what_to_record(tmp_path):
    store = backtest_store.fill(small_store.build().store, tmp_path / "store", tasks=0)
    found = judged(store)
    assert (found.rankers, found.tasks, found.cases) == ((), 0, ())
    assert "task2vec outcomes add" in found.sentence


def test_tasks_of_another_space_are_named_and_left_out(few):
    with Store.open(few, create=False) as store:
        record, embedding = store.tasks.get("emoji_food"), store.tasks.embedding("emoji_food")
        space = replace(embedding.space, probe="another")
        provenance = replace(embedding.provenance, space=space)
        added = store.tasks.add(
            replace(record, id="", name="stranger", provenance=provenance),
            replace(embedding, provenance=provenance),
        )
        some = store.outcomes.list()[0]
        store.outcomes.add(replace(some, id="", task=added.id))
    found = judged(few)
    assert found.tasks == 8
    assert found.space == record.provenance.space
    assert found.warnings == ("left out, since they live in another space: stranger",)


def test_without_the_outcomes_of_an_expert_nearest_only_is_said_to_take_the_default(tmp_path):
    target = backtest_store.fill(small_store.build().store, tmp_path / "store", tasks=0)
    rng = np.random.default_rng(3)
    with Store.open(target, create=False) as store:
        store.outcomes.add_many(
            StoredOutcome(
                id="",
                model=model,
                task=task.id,
                accuracy=float(rng.uniform(0.6, 0.9)),
                protocol="linear probe",
            )
            for task in store.tasks.list()
            for model in PLAIN
        )
    found = judged(target)
    nearest = found.rankers[2]
    assert nearest.ci.gain == (0, 0)
    assert found.warnings == (
        "no model with outcomes is an expert of one of these tasks: nearest-only always takes the "
        "default",
    )


def test_models_fine_tuned_from_an_expert_of_the_task_are_no_evidence_for_it(few):
    before = {case.task: case.offered for case in judged(few).cases}
    with Store.open(few, create=False) as store:
        emoji = store.tasks.get("emoji_food")
        start = store.models.get("expert_emoji_food")
        child = store.models.add(
            replace(
                store.models.get("expert_fashion_tops"),
                id="",
                name="child",
                ref="hf-hub:somebody/child",
                start=start.id,
                lineage=(emoji.id,),
            )
        )
        known = [o for o in store.outcomes.list() if o.model == start.id]
        store.outcomes.add_many([replace(o, id="", model=child.id) for o in known])
        store.outcomes.add(replace(known[0], id="", model=child.id, task=emoji.id, accuracy=1.0))
    after = {case.task: case.offered for case in judged(few).cases}
    # It is one model more for every task but its own and the one that its start had seen.
    for name, offered in after.items():
        apart = name in ("emoji_food", "fashion_tops")
        assert offered == before[name] + (not apart), name


def test_outcomes_of_bundles_are_left_out_and_that_is_said(few: Path):
    alone = judged(few)
    with Workspace(few) as workspace:
        import_shipped(workspace, SHIPPED)
        beside = backtest(workspace, BacktestQuestion(folds=Folds.TASK))
    (told,) = set(beside.warnings) - set(alone.warnings)
    assert "outcomes of bundles left out" in told
    assert beside.model_copy(update={"warnings": alone.warnings}) == alone
