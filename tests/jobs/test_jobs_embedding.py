"""What ends an embedding job well, and what becomes of useless findings."""

import io
import zipfile

import numpy as np
import pytest
from factories import SPACE, replace
from served import NOW, SETTINGS, Found, embed, embedded, embedding, end, lend, send

from task2vec.embedding.files import save_embedding
from task2vec.errors import LeaseLostError
from task2vec.jobs import findings, leases
from task2vec.jobs.embed import source_signature
from task2vec.messages.settings import EmbeddingSettings
from task2vec.messages.tasks import Task
from task2vec.types import JobKind, JobState
from task2vec.types.class_pictures import ClassPictures


def test_an_embedding_is_stored_with_its_job(served, sent):
    dataset = send(served, "pets")
    question = {"dataset": dataset.id, "name": "animals", "tags": ["a", "b"]}
    job = lend(served, JobKind.EMBED, question)
    done = end(served, job, embedded(sent, 7))
    record = served.store().tasks.get("animals")
    assert done.state is JobState.SUCCEEDED
    assert done.result == {
        **Task.model_validate(record).model_dump(mode="json"),
        "status": "embedded",
    }
    assert Task.model_validate(done.result).name == "animals"
    assert (record.tags, record.warnings) == (("a", "b"), ("one image could not be read",))
    assert (record.seconds, record.source) == (2.5, f"dataset:{dataset.id}")
    assert record.source_signature == source_signature(dataset.sha256, EmbeddingSettings())
    assert record.source_signature.startswith(f"sha256:{dataset.sha256}:")
    np.testing.assert_array_equal(
        served.store().tasks.embedding(record.id).values, embedding(7).values
    )
    assert served.store().tasks.thumbnail(record.id).startswith(b"\x89PNG")


def test_other_settings_are_another_signature(served):
    dataset = send(served, "pets")
    same = source_signature(dataset.sha256, EmbeddingSettings())
    assert same == source_signature(dataset.sha256, EmbeddingSettings(**SETTINGS))
    for field, other in (("seed", 1), ("images", 20), ("draws", 2), ("probe", "x")):
        changed = EmbeddingSettings(**{**SETTINGS, field: other})
        assert source_signature(dataset.sha256, changed) != same


def test_a_worker_that_did_not_hear_the_answer_asks_again(served, sent):
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    done = end(served, job, embedded(sent))
    number = served.store().tasks.last_change()
    assert end(served, job, embedded(sent)) == done
    # Its files are gone by then.
    assert end(served, job, Found()) == done
    assert served.store().tasks.last_change() == number


def test_a_job_that_another_has_stores_nothing_for_the_first(served, sent):
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    served.store().jobs.release(job.id, fence=job.fence, now=NOW)
    with pytest.raises(LeaseLostError):
        end(served, job, embedded(sent))
    leases.lease(served, worker="v", kinds=list(JobKind), now=NOW)
    with pytest.raises(LeaseLostError):
        end(served, job, embedded(sent))
    assert served.store().tasks.list() == []
    assert end(served, job, embedded(sent), fence=2).state is JobState.SUCCEEDED


def test_of_a_cancelled_job_nothing_is_stored(served, sent):
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    assert served.store().jobs.cancel(job.id, now=NOW).state is JobState.CANCELLING
    assert end(served, job, embedded(sent)).state is JobState.CANCELLED
    assert end(served, job, embedded(sent)).state is JobState.CANCELLED
    assert served.store().tasks.list() == []


def test_the_name_may_be_taken_while_the_worker_works(served, sent):
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    other = embed(served, sent, "pets", seed=3)
    failed = end(served, job, embedded(sent))
    assert (failed.state, failed.error.code) == (JobState.FAILED, "name_taken")
    assert served.store().tasks.get("pets").id == other.result["id"]


def test_the_same_may_be_stored_while_the_worker_works(served, sent):
    dataset = send(served, "pets")
    job = lend(served, JobKind.EMBED, {"dataset": dataset.id})
    twin = lend(served, JobKind.EMBED, {"dataset": dataset.id, "tags": ["x"]})
    stored = end(served, twin, embedded(sent))
    number = served.store().tasks.last_change()
    done = end(served, job, embedded(sent))
    assert done.result == {**stored.result, "status": "unchanged"}
    assert served.store().tasks.last_change() == number


def test_an_update_keeps_the_id(served, sent):
    old = embed(served, sent, "pets", seed=1)
    new = embed(served, sent, "pets", seed=2, update=True)
    assert new.result["id"] == old.result["id"]
    assert new.result["status"] == "embedded"
    np.testing.assert_array_equal(
        served.store().tasks.embedding("pets").values, embedding(2).values
    )


@pytest.mark.parametrize(("draws", "state"), [(1, "succeeded"), (4, "succeeded"), (5, "failed")])
def test_a_standard_error_may_take_further_draws(served, sent, draws, state):
    question = {"dataset": send(served, "pets").id, "settings": {"standard_error": 0.05}}
    job = lend(served, JobKind.EMBED, question)
    path = embedded(sent).embeddings["task"]
    save_embedding(embedding(draws=draws, images=40), path, name="x")
    assert end(served, job, Found(embeddings={"task": path})).state == JobState(state)


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"probe_name": "other"}, "space_mismatch", "not what was asked for"),
        ({"estimator": "exact"}, "space_mismatch", "not what was asked for"),
        ({"seed": 4}, "space_mismatch", "not what was asked for"),
        ({"draws": 2}, "space_mismatch", "draws 1, seed 0"),
        ({"space": replace(SPACE, head_penalty=0.1)}, "space_mismatch", "head_penalty 0.01,"),
        ({"space": replace(SPACE, prior_precision=1.0)}, "space_mismatch", "prior_precision 1e-06"),
        ({"images": 301}, "space_mismatch", "at most 300 images"),
        ({"standard_error": 7.0}, "bad_input", "a standard error from 0 to 2"),
        ({"class_names": ("a\nb", "c")}, "bad_input", "printable"),
        ({"content_hash": "x" * 256}, "bad_input", "at most 255"),
    ],
)
def test_an_embedding_that_was_not_asked_for_fails_the_job(served, sent, changed, code, words):
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    path = embedded(sent).embeddings["task"]
    save_embedding(embedding(**changed), path, name="x")
    failed = end(served, job, Found(embeddings={"task": path}))
    assert (failed.state, failed.error.code, failed.quarantined) == (JobState.FAILED, code, False)
    told = f"{failed.error.problem} {failed.error.expected}"
    assert words in told
    assert served.store().tasks.list() == []


def test_the_exact_estimator_draws_as_often_as_there_are_classes(served, sent):
    settings = {**SETTINGS, "estimator": "exact"}
    for name, draws in (("right", 2), ("wrong", 1)):
        question = {"dataset": send(served, name).id, "settings": settings}
        job = lend(served, JobKind.EMBED, question)
        end(served, job, embedded(sent, estimator="exact", draws=draws))
    assert [task.name for task in served.store().tasks.list()] == ["right"]


def test_an_embedding_with_other_weights_than_the_stored_fails_the_job(served, sent):
    other = replace(SPACE, probe="tiny:4567")
    probe = {"probe_name": "resnet18", "space": replace(SPACE, probe="small:0123")}
    dataset = send(served, "residual").id
    job = lend(
        served, JobKind.EMBED, {"dataset": dataset, "settings": {**SETTINGS, "probe": "resnet18"}}
    )
    assert end(served, job, embedded(sent, 9, **probe)).state is JobState.SUCCEEDED
    # Of its own probe there is none yet, with whatever weights.
    embed(served, sent, "pets", seed=1)
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "other", seed=2).id})
    failed = end(served, job, embedded(sent, 2, space=other))
    assert (failed.state, failed.error.code) == (JobState.FAILED, "space_mismatch")
    assert failed.error.expected == "the probe efficientnet_lite0 with fingerprint tiny:0123"
    assert failed.error.got == "tiny:4567"
    assert {task.name for task in served.store().tasks.list()} == {"residual", "pets"}


def test_what_unpacks_to_more_than_an_embedding_is_not_unpacked(served, sent):
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    found = embedded(sent)
    values = io.BytesIO()
    np.save(values, np.zeros(2**24 + 2**20, dtype=np.float32))
    with zipfile.ZipFile(found.embeddings["task"], "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("more.npy", values.getvalue())
    assert found.embeddings["task"].stat().st_size < 10**6
    failed = end(served, job, found)
    assert (failed.state, failed.error.code) == (JobState.FAILED, "too_large")
    assert served.store().tasks.list() == []


def test_every_class_gives_two_images_though_fewer_were_asked_for(served, sent):
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    names = tuple(map(str, range(200)))
    found = embedded(sent, images=400, classes=200, class_names=names)
    assert end(served, job, found).state is JobState.SUCCEEDED


def test_an_embedding_of_another_size_does_not_enter_its_space(served, sent):
    embed(served, sent, "pets", seed=1)
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "other", seed=2).id})
    failed = end(served, job, embedded(sent, 2, elements=17))
    assert failed.error.code == "space_mismatch"
    assert (failed.error.expected, failed.error.got) == (
        "16 elements, as the stored tasks have",
        "17",
    )


PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (PNG.ljust(1 << 20, b"x"), None),
        (PNG.ljust((1 << 20) + 1, b"x"), "at most 1048576 bytes"),
        (b"GIF89a", "a PNG"),
        (None, None),
    ],
    ids=["a mebibyte", "a byte more", "no PNG", "none"],
)
def test_a_thumbnail_is_a_picture_of_at_most_a_mebibyte(served, sent, data, words):
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    found = embedded(sent)
    if data is None:
        found = replace(found, thumbnails={})
    else:
        found.thumbnails["task"].write_bytes(data)
    ended = end(served, job, found)
    if words is None:
        assert served.store().tasks.thumbnail("pets") == data
    else:
        assert words in ended.error.expected


@pytest.mark.parametrize("kept", [True, False])
def test_pictures_of_classes_are_kept_where_the_server_keeps_any(served, sent, kept):
    served.class_pictures = kept
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    found = embedded(sent)
    counts = (1,) * embedding(0).provenance.classes
    pictures = ClassPictures(8, counts, b"\xff\xd8\xff and more")
    save_embedding(embedding(0), found.embeddings["task"], name="task", pictures=pictures)
    assert end(served, job, found).state is JobState.SUCCEEDED
    assert served.store().tasks.pictures("pets") == (pictures if kept else None)


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_damaged_findings_fail_the_job_and_name_no_path(served, sent, damage):
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    found = embedded(sent)
    if damage == "missing":
        found = replace(found, embeddings={})
    else:
        path = found.embeddings["task"]
        path.write_bytes(path.read_bytes()[:-40])
    failed = end(served, job, found)
    assert (failed.state, failed.error.code) == (JobState.FAILED, "bad_input")
    assert str(sent) not in str(failed.error)
    assert served.store().tasks.list() == []


def test_a_job_that_is_cancelled_while_its_findings_are_checked_stores_nothing(
    served, sent, monkeypatch
):
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    check = findings.receive

    def cancel_first(*arguments, **more):
        served.store().jobs.cancel(job.id, now=NOW + 4)
        return check(*arguments, **more)

    monkeypatch.setattr(leases, "receive", cancel_first)
    assert end(served, job, embedded(sent)).state is JobState.CANCELLED
    assert served.store().tasks.list() == []
