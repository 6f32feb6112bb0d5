"""A worker between jobs, and a job from the lease to what is handed in; the network is small."""

import io
import tarfile
from hashlib import sha256
from itertools import chain, repeat

import httpx2
import numpy as np
import pytest
from PIL import Image
from small_network import reference_of
from wire_server import LEASE, PULSE, answer, refusal, server

from task2vec.data.open import open_source
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.engine import LocalEngine
from task2vec.embedding.files import load_embedding, load_hashes
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.errors import NotAllowedError
from task2vec.messages.leases import Findings
from task2vec.worker.downloads import Downloads
from task2vec.worker.job import Station
from task2vec.worker.resume_cache import ResumeCache
from task2vec.worker.shutdown import Shutdown
from task2vec.worker.worker import Worker


@pytest.fixture(scope="module")
def engine():
    return LocalEngine("cpu")


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    return reference_of(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def archive():
    """A tar of two classes of six images, and one file that is no image."""
    rng = np.random.default_rng(0)
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for label in ("dark", "light"):
            for number in range(6):
                pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                file = io.BytesIO()
                Image.fromarray(pixels // (3 if label == "dark" else 1)).save(file, "PNG")
                member = tarfile.TarInfo(f"set/{label}/{number}.png")
                member.size = len(file.getvalue())
                tar.addfile(member, io.BytesIO(file.getvalue()))
        bad = tarfile.TarInfo("set/dark/broken.png")
        bad.size = 7
        tar.addfile(bad, io.BytesIO(b"nothing"))
    return data.getvalue()


def lease(archive, probe, **payload):
    about = {
        "id": "dst_1",
        "sha256": sha256(archive).hexdigest(),
        "bytes": len(archive),
        "format": ".tar",
        "name": "shades",
    }
    question = {"dataset": "dst_1", "name": "Shades", "settings": {"probe": probe, "images": 20}}
    return LEASE.model_dump(mode="json") | {
        "payload": {"datasets": {"task": about}, **question, **payload}
    }


@pytest.fixture
def downloads(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = Downloads()
    yield found
    found.close()


@pytest.fixture
def work(engine, downloads):
    """Let a worker live against these answers until it has asked for work once more."""

    def run(*leases, **replies):
        shutdown = Shutdown()
        answers = chain(leases, repeat(None))

        def lend(request):
            reply = next(answers)
            if reply is None:
                shutdown.requested = True
                return httpx2.Response(204)
            return reply(request)

        replies = {"heartbeat": answer(PULSE), "complete": answer({}), "fail": answer({})} | replies
        client, recorded = server(leases=lend, **replies)
        resume_cache = ResumeCache("http://server", over=lambda _: False)
        station = Station(client, engine, downloads, resume_cache)
        worker = Worker(station, name="me", shutdown=shutdown, draw=lambda low, _high: low)
        worker.run()
        return recorded

    return run


def parts(body):
    """Return the parts of a form by name."""
    boundary = body[: body.index(b"\r\n")]
    found = {}
    for part in body.split(boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        found[head.split(b'name="')[1].split(b'"')[0].decode()] = content[:-2]
    return found


def content(archive):
    return lambda _: httpx2.Response(200, content=archive)


def test_a_job_is_done_and_handed_in(work, engine, probe, archive, tmp_path, downloads):
    recorded = work(answer(lease(archive, probe)), content=content(archive))
    (body,) = recorded.of(":complete")
    form = parts(body)
    findings = Findings.model_validate_json(form["findings"])
    (tmp_path / "sent.npz").write_bytes(form["embedding.task"])
    name, embedding = load_embedding(tmp_path / "sent.npz")
    (tmp_path / "set.tar").write_bytes(archive)
    task = open_source(tmp_path / "set.tar", trusted=False)
    expected = Embedder(engine.probe(probe), EmbeddingSettings(images=20)).embed(task)
    assert name == "Shades"
    assert np.array_equal(load_hashes(tmp_path / "sent.npz"), expected.sample.hashes)
    assert np.array_equal(embedding.values, expected.embedding.values)
    assert embedding.provenance == expected.embedding.provenance
    assert findings.fence == 3
    assert findings.warnings == expected.warnings
    assert any("broken.png" in warning for warning in findings.warnings)
    assert form["thumbnail.task"].startswith(b"\x89PNG")
    # The data set is resume_cache, what was made is not.
    assert [path.suffix for path in downloads.folder.iterdir()] == [".tar"]


def test_the_same_data_is_downloaded_once(work, probe, archive):
    job = answer(lease(archive, probe))
    recorded = work(job, job, content=content(archive))
    assert len(recorded.of(":complete")) == 2
    assert len([path for path, _ in recorded.asked if path.endswith("/content")]) == 1


def test_a_server_that_is_away_is_waited_for(work, probe, archive):
    def gone(_):
        raise httpx2.ConnectError("refused")

    away = [gone, refusal(503, "overloaded", **{"Retry-After": "0"}), refusal(500, "internal")]
    recorded = work(*away, answer(lease(archive, probe)), content=content(archive))
    assert len(recorded.of(":complete")) == 1


def test_what_was_found_is_offered_until_it_is_taken(work, probe, archive):
    def broken(_):
        raise httpx2.ReadError("reset")

    replies = iter([broken, refusal(507, "store_full"), answer({})])
    recorded = work(
        answer(lease(archive, probe)),
        content=content(archive),
        complete=lambda request: next(replies)(request),
    )
    bodies = [parts(body) for body in recorded.of(":complete")]
    assert len(bodies) == 3
    assert bodies[0] == bodies[1] == bodies[2]
    assert recorded.of(":fail") == []


def test_a_lost_lease_is_nothing_to_insist_on(work, probe, archive):
    recorded = work(
        answer(lease(archive, probe)),
        content=content(archive),
        complete=refusal(409, "lease_lost"),
    )
    assert len(recorded.of(":complete")) == 1
    assert recorded.of(":fail") == []


def test_what_the_server_refuses_is_told_as_a_failure(work, probe, archive):
    recorded = work(
        answer(lease(archive, probe)), content=content(archive), complete=refusal(422, "bad_input")
    )
    (failure,) = recorded.of(":fail")
    assert (failure["code"], failure["transient"], failure["fence"]) == ("internal", True, 3)


def test_a_source_that_cannot_be_used_is_told_in_full(work, probe):
    data = b"this is no tar archive"
    recorded = work(answer(lease(data, probe)), content=content(data))
    (failure,) = recorded.of(":fail")
    assert (failure["code"], failure["transient"]) == ("bad_source", False)
    told = " ".join(str(failure[part]) for part in ("problem", "expected", "got", "remedy"))
    assert "shades" in told
    assert sha256(data).hexdigest() not in told


def test_damage_on_the_way_is_tried_again(work, probe, archive):
    recorded = work(answer(lease(archive, probe)), content=content(archive[:-600] + b"\1" * 600))
    (failure,) = recorded.of(":fail")
    assert failure["transient"]


@pytest.mark.parametrize("lacking", ["datasets", "dataset"])
def test_a_job_that_is_not_understood_does_not_end_the_worker(work, probe, archive, lacking):
    # An answer of a server that is not of this version.
    odd = lease(archive, probe)
    del odd["payload"][lacking]
    recorded = work(answer(odd), answer(lease(archive, probe)), content=content(archive))
    (failure,) = recorded.of(":fail")
    assert failure["transient"]
    assert "same version" in failure["remedy"]
    assert len(recorded.of(":complete")) == 1


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_job_that_is_to_stop_stops(work, probe, archive, cancelled):
    reply = answer(PULSE | {"cancel": True}) if cancelled else refusal(409, "lease_lost")
    # An estimator that goes on for as long as it is asked to.
    settings = {"probe": probe, "images": 12, "draws": 10_000, "estimator": "rademacher"}
    job = lease(archive, probe, settings=settings)
    recorded = work(answer(job), content=content(archive), heartbeat=reply)
    assert recorded.of(":complete") == []
    codes = [failure["code"] for failure in recorded.of(":fail")]
    assert codes == (["job_cancelled"] if cancelled else [])


def test_a_key_that_is_not_taken_ends_the_worker(work):
    with pytest.raises(NotAllowedError):
        work(refusal(403, "not_allowed"))
