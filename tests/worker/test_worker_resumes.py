"""A worker is killed while it fine-tunes, and another on the machine goes on from the last epoch.

The server, the workers, the network and the kills are real.
"""

import re
import signal
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fork_server import ForkServer
from PIL import Image
from processes import Site, WorkerProcess, running
from small_network import reference_of

from task2vec.messages.models import NewModel
from task2vec.service.models.registering import add_model
from task2vec.service.workspace import Workspace

#: As many validate as choose the epoch; few train, so that epochs are short.
SPLITS = {"train": 6, "val": 16, "test": 4}
#: Of a job that is done to its end, and of one that is not.
FEW, MANY = 25, 300
SETTINGS = {"images": 60, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, fork_server: ForkServer) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with Workspace(folder / "store") as workspace:
        add_model(workspace, NewModel(ref=reference_of(folder), name="start"))
    with running(folder, fork_server) as found:
        yield found


@pytest.fixture(scope="module")
def dataset(site: Site) -> str:
    """Two kinds of noise, divided by hand."""
    rng = np.random.default_rng(0)
    for split, count in SPLITS.items():
        for label, brightest in (("bright", 256), ("dark", 180)):
            folder = site.folder / "noise" / split / label
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, brightest, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    with tarfile.open(site.folder / "noise.tar", "w") as tar:
        tar.add(site.folder / "noise", arcname=".")
    return site.upload("noise", site.folder / "noise.tar")


def finetune(site: Site, dataset: str, name: str, epochs: int) -> str:
    question = {"dataset": dataset, "start": "start", "name": name}
    question["settings"] = SETTINGS | {"epochs": epochs, "patience": epochs}
    return str(site.post("/finetunings", question)["id"])


def epochs(worker: WorkerProcess) -> list[int]:
    """The epochs that a worker has trained, in their order."""
    return [int(found) for found in re.findall(r"training epoch (\d+) of", worker.told())]


def left(site: Site) -> list[Path]:
    return list(site.folder.glob("task2vec-unfinished-*/*/*"))


def wait(true: Any, site: Site) -> None:
    end = time.monotonic() + 300
    while not true():
        assert time.monotonic() < end, [worker.told()[-2000:] for worker in site.workers]
        time.sleep(0.02)


def kill_in_the_middle(site: Site, worker: WorkerProcess, since: int = 0) -> int:
    """Kill a worker once it has kept some epochs; return how many it had trained."""
    wait(lambda: len(epochs(worker)) > since + 5 and left(site), site)
    worker.send(signal.SIGKILL)
    worker.process.wait()
    return epochs(worker)[-1]


def test_another_worker_goes_on_and_its_expert_is_started_from(site: Site, dataset: str) -> None:
    first = site.hire()
    job = finetune(site, dataset, "killed", FEW)
    reached = kill_in_the_middle(site, first)
    second = site.hire()
    found = site.result(job)

    assert site.job(job)["attempts"] == 2
    assert f"job {job}: goes on with what was begun on this machine" in second.told()
    # The last epoch may have been begun and not resume_cache.
    assert reached - 1 <= epochs(second)[0] <= reached + 1
    assert found["resumed"] == f"epoch {epochs(second)[0]} of {FEW}"
    assert epochs(second)[-1] == found["epochs"] == FEW
    assert left(site) == []
    assert site.task_names() == ["noise"]

    # Its checkpoint goes to the worker that does the next.
    question = {"task": "noise", "start": "killed", "name": "second"}
    question["settings"] = SETTINGS | {"epochs": 1}
    again = site.result(site.post("/finetunings", question)["id"])
    assert (again["model"], again["resumed"]) == ("second", None)
    assert epochs(second)[-1] == 1


def test_nothing_is_left_of_a_cancelled_job(site: Site, dataset: str) -> None:
    worker = site.workers[-1]
    before = len(epochs(worker))
    job = finetune(site, dataset, "cancelled", MANY)
    wait(lambda: len(epochs(worker)) > before + 5 and left(site), site)
    site.post(f"/jobs/{job}:cancel", {})
    site.until(job, lambda job: job["state"] == "cancelled")

    wait(lambda: left(site) == [], site)


def test_what_a_dead_worker_left_of_an_ended_job_is_swept_by_the_next(
    site: Site, dataset: str
) -> None:
    worker = site.workers[-1]
    before = len(epochs(worker))
    job = finetune(site, dataset, "abandoned", MANY)
    kill_in_the_middle(site, worker, since=before)
    assert left(site)
    site.until(job, lambda job: job["state"] == "queued")
    assert site.post(f"/jobs/{job}:cancel", {})["state"] == "cancelled"

    site.hire()

    wait(lambda: left(site) == [], site)
