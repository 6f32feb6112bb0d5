"""Whatever is killed when, a job's work is stored once and whole."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from served import NOW, embedding, send

from task2vec.jobs import jobs
from task2vec.jobs.finetune import expert_id
from task2vec.messages.jobs import NewEmbedding, NewTuning
from task2vec.service.models.experts import sweep_experts
from task2vec.service.workspace import Workspace
from task2vec.store.tasks.updates import ChangeKind
from task2vec.types import JobKind, JobState

KILL = Path(__file__).with_name("kill_completions.py")
EACH = 6


def test_processes_killed_while_they_complete_jobs_store_each_once(tmp_path):
    directory = tmp_path / "store"
    with Workspace(directory) as workspace:
        workspace.store(create=True)
        for number in range(EACH):
            dataset = send(workspace, f"embedded{number}", seed=number).id
            jobs.submit(workspace, NewEmbedding(dataset=dataset), now=NOW)
            dataset = send(workspace, f"tuned{number}", seed=100 + number).id
            jobs.submit(workspace, NewTuning(dataset=dataset), now=NOW)
    done = subprocess.run(
        [sys.executable, KILL, directory, tmp_path / "sent", "7"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*KILL.parents[:2], *sys.path)))},
    )
    assert done.returncode == 0, done.stderr
    kills = json.loads(done.stdout)
    # Where the kills fell is chance; that they fell into the middle of the work is the test.
    assert kills["before"] >= EACH, kills
    with Workspace(directory) as workspace:
        check_whole(workspace)


def check_whole(workspace):
    store = workspace.store()
    ended, _ = store.jobs.list_page(limit=1000)
    assert [job.state for job in ended] == [JobState.SUCCEEDED] * (2 * EACH)
    for job in ended:
        states = [event.job["state"] for event in store.jobs.events_after(job.id)]
        assert states == ["queued", "running", "succeeded"]
    # Every task was added once and never replaced, with the vector that its job was sent.
    changes = store.tasks.changes_since(0)
    assert Counter(change.kind for change in changes) == {ChangeKind.ADDED: 2 * EACH}
    assert len({change.task for change in changes}) == 2 * EACH
    oldest_first = ended[::-1]
    for number, job in enumerate(oldest_first):
        name = job.result["name" if job.kind is JobKind.EMBED else "task"]
        np.testing.assert_array_equal(store.tasks.embedding(name).values, embedding(number).values)
    # Every expert has its checkpoint, its outcome, and nothing lies about.
    sweep_experts(workspace)
    experts = {model.id: model for model in store.models.list() if model.task is not None}
    tuned = [job for job in ended if job.kind is JobKind.FINETUNE]
    assert set(experts) == {expert_id(job.id) for job in tuned}
    files = {path.stem: path for path in workspace.path.glob("experts/*")}
    assert set(files) == set(experts)
    for id_, path in files.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == experts[id_].sha256
    outcomes = store.outcomes.list()
    assert Counter(o.details["expert"] for o in outcomes) == dict.fromkeys(experts, 1)
