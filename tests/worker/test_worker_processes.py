"""Workers as processes, killed, hung and drained: every job is done, and once.

The server, the probe and the images are real; leases last five seconds.
"""

import json
import signal
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_server import LiveServer
from numpy.typing import ArrayLike
from processes import Site, WorkerProcess, working
from small_store import cut

from task2vec.data.open import open_source
from task2vec.distance.operands import with_prior
from task2vec.distance.symmetric import symmetric_distance
from task2vec.embedding.engine import LocalEngine
from task2vec.embedding.settings import EmbeddingSettings

LEASE = 5.0
SETTINGS = {"images": 24}
#: Long enough that something can happen to a worker meanwhile: draws of labels never end early,
#: where those of the other estimators are exact after a few.
LONG = {"images": 24, "estimator": "categorical", "draws": 5}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive of each of two small tasks."""
    folder = tmp_path_factory.mktemp("sources")
    for task in ("emoji_food", "greek_capitals"):
        with tarfile.open(folder / f"{task}.tar", "w") as tar:
            tar.add(cut(task, folder / task), arcname=task)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with LiveServer(folder / "server.log") as server:
        url = server.start(
            ["--workers", "0", "--lease-seconds", f"{LEASE:g}"], store=folder / "store"
        )
        found = Site(url, folder)
        try:
            yield found
        finally:
            found.close()


def two(site: Site) -> None:
    """See to it that two workers are there and at leisure."""
    alive = [worker for worker in site.workers if worker.process.poll() is None]
    for _ in range(2 - len(alive)):
        alive.append(site.hire(f"w{len(site.workers)}"))
    end = time.monotonic() + 120
    while not all("works for" in worker.told() for worker in alive):
        assert time.monotonic() < end, [worker.told() for worker in alive]
        time.sleep(0.1)


def begun(site: Site, name: str, source: Path) -> tuple[str, WorkerProcess]:
    """Return a long job that one of two workers is in the middle of, and that worker."""
    two(site)
    job = site.embed(site.upload(name, source), settings=LONG)
    site.until(job, working)
    (holder,) = [worker for worker in site.workers if worker.began(job)]
    return job, holder


def apart(values: ArrayLike, others: ArrayLike) -> float:
    """The symmetric distance of two embeddings at the default prior.

    Another number of threads sums in another order, which moves single elements by up to 1 %
    through the fitted head, and this distance by 1e-8; another seed moves it by 0.1.
    """
    prior = EmbeddingSettings().prior_precision
    return float(symmetric_distance(with_prior(values, prior), with_prior(others, prior)))


def test_two_workers_share_the_jobs(site: Site, sources: Path) -> None:
    two(site)
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
            settings=EmbeddingSettings(images=24),
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


def test_a_killed_workers_job_is_done_by_the_other(site: Site, sources: Path) -> None:
    job, holder = begun(site, "killed", sources / "emoji_food.tar")
    holder.send(signal.SIGKILL)

    site.result(job)
    assert site.job(job)["attempts"] == 2
    assert site.task_names().count("killed") == 1
    assert len([worker for worker in site.workers if worker.began(job)]) == 2


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
    assert list(site.folder.glob(f"task2vec-worker-{holder.process.pid}-*")) == []
    site.result(job)
    # The try that was handed back does not count.
    assert site.job(job)["attempts"] == 1
    assert site.task_names().count("drained") == 1


def test_a_cancelled_job_stops(site: Site, sources: Path) -> None:
    two(site)
    dataset = site.upload("cancelled", sources / "emoji_food.tar")
    job = site.embed(dataset, settings=LONG | {"draws": 1000})
    site.until(job, working)
    assert site.post(f"/jobs/{job}:cancel", {})["state"] == "cancelling"
    assert site.until(job, lambda job: job["state"] != "cancelling")["state"] == "cancelled"
    assert "cancelled" not in site.task_names()
    # Both are free again.
    site.result(site.embed(dataset, name="after", settings=SETTINGS))


def test_an_expert_is_made_far_away_and_started_from(site: Site, sources: Path) -> None:
    two(site)
    dataset = site.upload("food", sources / "emoji_food.tar")
    settings = {"images": 24, "epochs": 1}
    question = {"dataset": dataset, "name": "expert", "settings": settings}
    tuned = site.result(site.post("/finetunings", question)["id"])
    assert (tuned["model"], tuned["task"]) == ("expert", "food")
    assert tuned["test_images"] == 8
    assert tuned["accuracy"] * 8 % 1 == 0
    assert "food" in site.task_names()
    (outcome,) = site.client.get("/outcomes").json()["outcomes"]
    assert (outcome["model"], outcome["task"]) == ("efficientnet_lite0", "food")
    # Its checkpoint goes to the worker that does the next.
    question = {"task": "food", "start": "expert", "name": "second", "settings": settings}
    assert site.result(site.post("/finetunings", question)["id"])["model"] == "second"
    # Two models are tried whatever the time.
    question = {"dataset": dataset, "settings": SETTINGS, "budget": 1e-3}
    answer = site.result(site.post("/recommendations", question)["id"])
    assert any(
        piece["kind"] == "linear_probe"
        for found in answer["recommendations"]
        for piece in found["evidence"]
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the maps of a process are Linux's")
def test_the_server_has_loaded_no_torch_by_all_that(site: Site) -> None:
    model = site.post("/models", {"ref": "timm:resnet18.a1_in1k"})
    assert (model["architecture"], model["input_size"]) == ("resnet18", 224)
    card = json.loads((site.folder / "store" / "server.json").read_text())
    maps = Path(f"/proc/{card['pid']}/maps").read_text()
    assert "sqlite" in maps
    assert "torch" not in maps
