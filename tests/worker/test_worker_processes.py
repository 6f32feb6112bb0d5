"""Workers as processes, hung, drained and cancelled: every job is done, and once.

The server, the probe and the images are real; leases last some seconds. What is killed is in
``test_worker_resumes.py``.
"""

import signal
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fork_server import ForkServer
from numpy.typing import ArrayLike
from processes import LEASE, Site, WorkerProcess, running
from small_store import cut

from task2vec.data.open import open_source
from task2vec.distance.operands import with_prior
from task2vec.distance.symmetric import symmetric_distance
from task2vec.embedding.engine import LocalEngine
from task2vec.embedding.settings import EmbeddingSettings

SETTINGS = {"images": 8}
#: Long enough that something can happen to a worker meanwhile: draws of labels never end early,
#: where those of the other estimators are exact after a few.
LONG = {"images": 8, "estimator": "categorical", "draws": 5}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive of each of two small tasks."""
    folder = tmp_path_factory.mktemp("sources")
    for task in ("emoji_food", "greek_capitals"):
        with tarfile.open(folder / f"{task}.tar", "w") as tar:
            tar.add(cut(task, folder / task), arcname=task)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, fork_server: ForkServer) -> Iterator[Site]:
    """A server and two workers at leisure."""
    with running(tmp_path_factory.mktemp("site"), fork_server) as found:
        workers = [found.hire(), found.hire()]
        end = time.monotonic() + 120
        while not all("works for" in worker.told() for worker in workers):
            assert time.monotonic() < end, [worker.told() for worker in workers]
            time.sleep(0.05)
        yield found


def begun(site: Site, name: str, source: Path) -> tuple[str, WorkerProcess]:
    """Return a long job that one of two workers is in the middle of, and that worker."""
    job = site.embed(site.upload(name, source), settings=LONG)
    return job, holder_of(site, job)


def holder_of(site: Site, job: str) -> WorkerProcess:
    """Return the worker that is in the middle of a job, once there is one."""
    end = time.monotonic() + 120
    while not (found := [worker for worker in site.workers if worker.working(job)]):
        assert time.monotonic() < end, [worker.told() for worker in site.workers]
        time.sleep(0.02)
    return found[0]


def apart(values: ArrayLike, others: ArrayLike) -> float:
    """The symmetric distance of two embeddings at the default prior.

    Another number of threads sums in another order, which moves single elements by up to 1 %
    through the fitted head, and this distance by 1e-8; another seed moves it by 0.1.
    """
    prior = EmbeddingSettings().prior_precision
    return float(symmetric_distance(with_prior(values, prior), with_prior(others, prior)))


def test_two_workers_share_the_jobs(site: Site, sources: Path) -> None:
    names = ("emoji_food", "greek_capitals")
    ids = {name: site.upload(name, sources / f"{name}.tar") for name in names}
    jobs = [
        site.embed(ids[name], name=f"{name}-{n}", settings=SETTINGS) for name in names for n in "ab"
    ]
    found = [site.result(job) for job in jobs]

    engine = LocalEngine("cpu")
    for name, results in (("emoji_food", found[:2]), ("greek_capitals", found[2:])):
        embedded = engine.embed(
            open_source(sources / f"{name}.tar"),
            probe="efficientnet_lite0",
            settings=EmbeddingSettings(images=8),
        )
        for result in results:
            stored = site.client.get(f"/tasks/{result['id']}/embedding").json()
            assert apart(stored["values"], embedded.embedding.values) < 1e-6
            assert stored["provenance"]["content_hash"] == embedded.sample.content_hash
            thumbnail = site.client.get(f"/tasks/{result['id']}/thumbnail")
            assert thumbnail.content.startswith(b"\x89PNG")
    assert sorted(site.task_names()) == sorted(f"{name}-{n}" for name in names for n in "ab")
    # Neither had nothing to do.
    assert all(any(worker.began(job) for job in jobs) for worker in site.workers)
    assert [sum(worker.began(job) for worker in site.workers) for job in jobs] == [1] * 4


def test_a_cancelled_job_stops(site: Site, sources: Path) -> None:
    dataset = site.upload("cancelled", sources / "emoji_food.tar")
    job = site.embed(dataset, settings=LONG | {"draws": 1000})
    holder_of(site, job)
    assert site.post(f"/jobs/{job}:cancel", {})["state"] == "cancelling"
    assert site.until(job, lambda job: job["state"] != "cancelling")["state"] == "cancelled"
    assert "cancelled" not in site.task_names()


def test_a_hung_worker_is_noticed_within_one_lease(site: Site, sources: Path) -> None:
    job, holder = begun(site, "hung", sources / "greek_capitals.tar")
    holder.send(signal.SIGSTOP)
    stopped = time.monotonic()
    noticed = site.until(job, lambda job: job["state"] == "queued" or job["attempts"] > 1)
    assert time.monotonic() - stopped < LEASE + 2
    assert noticed["attempts"] <= 2
    result = site.result(job)
    # It wakes up and finds that the job is somebody else's.
    holder.send(signal.SIGCONT)
    end = time.monotonic() + 60
    while not ("given up" in holder.told() or "somebody else" in holder.told()):
        assert time.monotonic() < end, holder.told()
        time.sleep(0.1)
    assert site.job(job)["result"] == result
    assert site.task_names().count("hung") == 1
    # And is as good as any for the next.
    assert holder.process.poll() is None


def test_a_worker_that_is_to_stop_hands_its_job_back(site: Site, sources: Path) -> None:
    job, holder = begun(site, "drained", sources / "emoji_food.tar")
    holder.send(signal.SIGTERM)
    assert holder.process.wait(30) == 0
    assert list(site.folder.glob(f"task2vec-worker-{holder.pid}-*")) == []
    site.result(job)
    # The try that was handed back does not count.
    assert site.job(job)["attempts"] == 1
    assert site.task_names().count("drained") == 1
