"""The work of each kind of job, against the parts that it is made of."""

from dataclasses import dataclass, field
from io import BytesIO
from itertools import groupby

import numpy as np
import pytest
from factories import replace
from PIL import Image
from small_network import reference_of

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.sampling.sample import draw_sample
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.engine import LocalEngine
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.errors import JobCancelledError, SourceError, WeightsError
from task2vec.jobs.jobs import KINDS
from task2vec.jobs.workbench import Workbench
from task2vec.messages.leases import PlannedModel
from task2vec.messages.settings import EmbeddingSettings as Question
from task2vec.probe.weight_files import file_hash, read_metadata
from task2vec.recommendation.measure.details import details_of
from task2vec.recommendation.measure.linear_probe import cross_validate
from task2vec.types import ChosenBy, Estimator, JobKind

ASKED = {"images": 12, "draws": 2, "seed": 3, "estimator": "exact"}
SETTINGS = EmbeddingSettings(images=12, draws=2, seed=3, estimator=Estimator.EXACT)


def noise(*, seed=0, images=20):
    """Of the second half of the images, the left half is darker."""
    pixels = np.random.default_rng(seed).integers(0, 256, (images, 32, 32, 3), dtype=np.uint8)
    pixels[images // 2 :, :, :16] //= 3
    return pixels


def halves(name, *, seed=0, images=20):
    """Two classes of noise."""
    labels = [0] * (images // 2) + [1] * (images // 2)
    return task_from_arrays(noise(seed=seed, images=images), labels, name=name)


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    return reference_of(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def engine():
    return LocalEngine("cpu")


@dataclass
class Told:
    """What the work told, and when it is to stop."""

    steps: list[tuple[str, int, int]] = field(default_factory=list)
    most: float = float("inf")
    errors: list[float] = field(default_factory=list)

    def tell(self, *step):
        if len(self.steps) >= self.most:
            raise JobCancelledError("The work was stopped")
        self.steps.append(step)


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def do(engine, told, tmp_path):
    """Do an order about ``tasks``, by role."""

    def call(kind, payload, **tasks):
        bench = Workbench(
            engine,
            tasks,
            model=payload.get("model", {}).get("ref"),
            checkpoint=tmp_path / "checkpoint.safetensors",
            progress=told.tell,
            error=told.errors.append,
        )
        return work_at(kind, payload, bench)

    return call


def work_at(kind, payload, bench):
    """Do the work of a job; what it is about beside the settings is not looked at."""
    about = {"dataset": "dst_0", "name": "expert"}
    if kind is JobKind.DISTANCES:
        about = {side: {"dataset": "dst_0"} for side in ("source", "target")}
    return KINDS[kind].run(KINDS[kind].work.model_validate({**about, **payload}), bench)


def a_model(number, ref, sha256=None):
    return {"id": f"mdl_{number}", "name": f"model {number}", "ref": ref, "sha256": sha256}


def a_start(ref):
    about = {"architecture": "test_resnet", "task": None, "parameters": None, "input_size": None}
    return {"id": "mdl_0", "name": "start", "ref": ref, "licence": None, "created": "", **about}


def stages(told):
    return [stage for stage, _ in groupby(stage for stage, *_ in told.steps)]


def test_an_embedding_is_that_of_the_embedder(engine, probe, do, told):
    task = halves("noise")
    found = do(JobKind.EMBED, {"settings": {"probe": probe, **ASKED}}, task=task)
    expected = Embedder(engine.probe(probe), SETTINGS).embed(task)
    made = found.embedded["task"]
    assert made.name == "noise"
    assert np.array_equal(made.embedding.values, expected.embedding.values)
    assert made.embedding.provenance == expected.embedding.provenance
    assert np.array_equal(made.hashes, expected.sample.hashes)
    assert found.report.warnings == expected.warnings
    assert found.tuned is found.checkpoint is None
    assert found.measured == {}
    with Image.open(BytesIO(made.thumbnail)) as picture:
        assert (picture.format, picture.size) == ("PNG", (96, 96))
    assert stages(told) == ["reading", "features", "fisher", "noise"]
    # Of two classes, the exact Fisher information takes two passes per image.
    assert ("fisher", 24, 24) in told.steps
    assert told.steps[-1] == ("noise", 48, 48)
    # Refitting the head only adds to it.
    (error,) = told.errors
    assert 0 < error <= made.embedding.provenance.standard_error


@pytest.mark.parametrize("wanted", [True, False])
def test_pictures_of_classes_are_made_where_they_are_wanted(do, probe, wanted):
    payload = {"settings": {"probe": probe, **ASKED}, "class_pictures": wanted}
    made = do(JobKind.EMBED, payload, task=halves("noise")).embedded["task"]
    assert (made.pictures is not None) == wanted
    assert made.thumbnail is not None


def test_both_sides_of_a_distance_are_embedded(engine, probe, do):
    tasks = {"source": halves("one"), "target": halves("other", seed=1)}
    found = do(JobKind.DISTANCES, {"settings": {"probe": probe, **ASKED}}, **tasks)
    embedder = Embedder(engine.probe(probe), SETTINGS)
    assert sorted(found.embedded) == ["source", "target"]
    for role, task in tasks.items():
        expected = embedder.embed(task)
        assert np.array_equal(found.embedded[role].embedding.values, expected.embedding.values)
        assert {f"{role}: {warning}" for warning in expected.warnings} <= set(found.report.warnings)


@pytest.mark.parametrize(
    "kind", [JobKind.EMBED, JobKind.RECOMMEND, JobKind.SEARCH, JobKind.DISTANCES]
)
def test_details_are_found_where_they_are_read(engine, probe, do, kind):
    task = halves("noise")
    found = do(kind, {"settings": {"probe": probe, **ASKED}}, task=task)
    details = found.embedded["task"].details
    if kind in (JobKind.EMBED, JobKind.RECOMMEND):
        assert details == details_of(Embedder(engine.probe(probe), SETTINGS).embed(task))
    else:
        assert details is None


@pytest.mark.parametrize("stored", [None, "tsk_0123456789abcdef"])
def test_models_are_probed_on_the_same_images(engine, probe, do, told, stored, tmp_path):
    task = halves("noise")
    other = reference_of(tmp_path, seed=1)
    models = [a_model("a", probe), a_model("b", other)]
    payload = {
        "task": stored,
        "measure": True,
        "probe_models": models,
        "settings": {"probe": probe, **ASKED},
    }
    found = do(JobKind.RECOMMEND, payload, task=task)
    for model in models:
        loaded = engine.probe(model["ref"])
        sample = draw_sample(task, images=12, seed=0, transform=loaded.preprocess)
        features = loaded.features(sample.images).numpy()
        expected = cross_validate(features, sample.labels, classes=2)
        measured = found.measured[model["id"]]
        assert np.array_equal(measured.correct, expected.correct)
        # Both may be right on all images: how sure they are differs.
        assert measured.error == pytest.approx(expected.error, rel=1e-6)
    assert found.measured["mdl_a"].error != pytest.approx(found.measured["mdl_b"].error, rel=1e-3)
    # What the server has stored is not embedded again.
    assert list(found.embedded) == ([] if stored else ["task"])
    assert told.steps[-1] == ("probing", 48, 48)


def test_models_are_probed_in_their_order_while_the_budget_lasts(probe, do, tmp_path):
    paths = [probe, *(reference_of(tmp_path, seed=seed) for seed in (1, 2, 3))]
    models = [a_model(i, path) for i, path in enumerate(paths)]
    payload = {"task": "tsk_0", "measure": True, "probe_models": models, "budget": 1e-6}
    task = halves("noise")
    first = do(JobKind.RECOMMEND, payload, task=task)
    # The default and one rival are always measured.
    assert list(first.measured) == ["mdl_0", "mdl_1"]
    whole = do(JobKind.RECOMMEND, payload | {"budget": 600.0}, task=task)
    assert list(whole.measured) == [f"mdl_{i}" for i in range(4)]


def test_a_data_set_is_measured_by_the_plan_that_its_embedding_gets(engine, probe, tmp_path):
    other = reference_of(tmp_path, seed=1)
    models = [a_model(i, path) for i, path in enumerate((probe, other))]
    payload = {
        "measure": True,
        "plan": True,
        "probe_models": models[:1],
        "settings": {"probe": probe, **ASKED},
    }
    asked = []

    def plan(embedded):
        asked.append(embedded.name)
        return [PlannedModel.model_validate(model) for model in models]

    bench = Workbench(engine, {"task": halves("noise")}, plan=plan)
    assert list(work_at(JobKind.RECOMMEND, payload, bench).measured) == ["mdl_0", "mdl_1"]
    assert asked == ["noise"]
    bench = replace(bench, plan=lambda _: ())
    assert list(work_at(JobKind.RECOMMEND, payload, bench).measured) == ["mdl_0"]


def test_what_a_worker_measured_before_takes_no_budget(probe, do, tmp_path):
    models = [
        a_model(i, path, str(i) * 64)
        for i, path in enumerate([probe, *(reference_of(tmp_path, seed=seed) for seed in (1, 2))])
    ]
    payload = {"task": "tsk_0", "measure": True, "probe_models": models, "budget": 600.0}
    task = halves("noise")
    whole = do(JobKind.RECOMMEND, payload, task=task).measured
    again = do(JobKind.RECOMMEND, payload | {"budget": 1e-6}, task=task).measured
    assert list(again) == list(whole) == ["mdl_0", "mdl_1", "mdl_2"]
    # All three may be right on all images: how sure they are differs.
    assert len({found.error for found in whole.values()}) == 3
    for name, found in whole.items():
        assert np.array_equal(again[name].correct, found.correct)
        assert again[name].error == found.error


def test_a_model_that_cannot_be_loaded_is_left_out_with_a_warning(probe, do, tmp_path):
    gone = a_model("gone", f"file:{tmp_path}/gone.safetensors?arch=test_resnet")
    models = [a_model(0, probe), gone]
    payload = {"task": "tsk_0", "measure": True, "probe_models": models}
    found = do(JobKind.RECOMMEND, payload, task=halves("noise"))
    assert list(found.measured) == ["mdl_0"]
    assert any("model gone is left out" in warning for warning in found.report.warnings)


def test_too_few_images_measure_nothing(probe, do):
    task = halves("pair", images=2)
    payload = {"task": "tsk_0", "measure": True, "probe_models": [a_model("a", probe)]}
    assert do(JobKind.RECOMMEND, payload, task=task).measured == {}


def test_several_labels_an_image_are_refused_before_any_work(probe, do, told):
    labels = np.eye(4, dtype=np.int64)[np.arange(20) % 4]
    several = task_from_arrays(noise(), labels, name="several")
    payload = {"model": a_start(probe), "embedding": True}
    with pytest.raises(SourceError, match="one label per image"):
        do(JobKind.FINETUNE, payload, task=several)
    assert told.steps == []


@pytest.mark.parametrize("embedding", [False, True])
def test_fine_tuning_leaves_a_checkpoint(probe, engine, do, told, embedding, monkeypatch):
    monkeypatch.setattr("task2vec.jobs.finetune.EmbeddingSettings", lambda: Question(probe=probe))
    payload = {
        "name": "expert",
        "embedding": embedding,
        "model": a_start(probe),
        "settings": {"images": 16, "epochs": 2, "patience": 1, "learning_rate": 0.01, "seed": 5},
    }
    found = do(JobKind.FINETUNE, payload, task=halves("noise"))
    tuned = found.tuned
    # A quarter of each of the two classes of eight.
    assert len(tuned.correct) == 4
    # Two images of validation are few: they train, too, and cross-validation chooses.
    assert tuned.protocol == "fine-tuning/3 32px 12 images seed 5"
    assert (tuned.choice.by, tuned.choice.images) == (ChosenBy.CROSS_VALIDATION, 12)
    assert tuned.sha256 == file_hash(found.checkpoint)
    assert '"name": "expert"' in read_metadata(found.checkpoint)["task2vec"]
    # It is calibrated on the folds, which are few images, too, and the checkpoint says so.
    assert '"calibration_images": 12' in read_metadata(found.checkpoint)["task2vec"]
    assert any("calibrated on 12 images only" in warning for warning in tuned.warnings)
    expert = engine.probe(f"file:{found.checkpoint}")
    assert expert.card.preprocessing == engine.probe(probe).card.preprocessing
    # Fine-tuning has a seed of its own; an embedding's is always the same.
    made = {role: e.embedding.provenance.seed for role, e in found.embedded.items()}
    assert made == ({"task": 0} if embedding else {})
    assert all(each.details is not None for each in found.embedded.values())
    # Features, three folds that each train on two thirds for 2 epochs, all for 2 epochs where
    # fine-tuning was chosen, the test: each step is counted to its end, and promises no more.
    steps = {"looking at the images": 12}
    steps |= {f"comparing with a linear probe, fold {fold} of 3": 2 * 8 + 4 for fold in (1, 2, 3)}
    if tuned.best_epoch:
        steps |= {f"epoch {epoch} of 2": 12 for epoch in (1, 2)}
    steps["testing"] = 4
    said = [step for step in told.steps if step[0] in steps]
    assert list(dict.fromkeys(stage for stage, _, _ in said)) == list(steps)
    for name, images in steps.items():
        counts = [(done, total) for stage, done, total in said if stage == name]
        assert counts == sorted(counts)
        assert (counts[0], counts[-1]) == ((0, images), (images, images))


def compared(turn, ref="file:/nowhere.safetensors?arch=test_resnet"):
    """The step of a comparison of two models, of which one cannot be loaded."""
    step = {"dataset": "dst_0", "start": "mdl_0", "name": "expert", "model": a_start(ref)}
    step["settings"] = {"images": 16, "epochs": 1}
    return {"models": ["mdl_default", "mdl_0"], "next": turn, "step": step}


def test_a_model_that_cannot_be_loaded_fails_alone(do):
    found = do(JobKind.COMPARE, compared("mdl_0"), task=halves("noise"))
    assert "nowhere.safetensors" in found.report.failed
    assert found.tuned is None
    with pytest.raises(WeightsError):
        do(JobKind.COMPARE, compared("mdl_default"), task=halves("noise"))


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("[enforce fail] can't allocate memory")]
)
def test_a_model_that_does_not_fit_into_memory_fails_alone(engine, error):
    def load(_model):
        raise error

    bench = Workbench(engine, {"task": halves("noise")}, reference=load)
    found = work_at(JobKind.COMPARE, compared("mdl_0"), bench)
    assert "does not fit into memory" in found.report.failed


def test_what_no_model_is_to_blame_for_ends_a_comparison(engine, probe, do):
    def stop(_model):
        raise JobCancelledError("The work was stopped")

    bench = Workbench(engine, {"task": halves("noise")}, reference=stop)
    with pytest.raises(JobCancelledError):
        work_at(JobKind.COMPARE, compared("mdl_0"), bench)
    with pytest.raises(SourceError, match="no image to test on"):
        do(JobKind.COMPARE, compared("mdl_0", probe), task=halves("noise", images=4))


def test_work_stops_at_the_next_batch(probe, engine, tmp_path):
    payload = {"settings": {"probe": probe, "images": 40}}
    task = halves("noise", images=40)
    whole = Told()
    # An engine keeps the last embedding, and would have nothing left to do.
    work_at(
        JobKind.EMBED, payload, Workbench(LocalEngine("cpu"), {"task": task}, progress=whole.tell)
    )
    bench = Workbench(engine, {"task": task})
    for most in (1, 41, len(whole.steps) - 1):
        told = Told(most=most)
        with pytest.raises(JobCancelledError):
            work_at(JobKind.EMBED, payload, replace(bench, progress=told.tell))
        assert told.steps == whole.steps[:most]
