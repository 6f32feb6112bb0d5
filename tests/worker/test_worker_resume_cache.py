"""What interrupted jobs leave on a machine: for whom it is, and when it goes."""

import os
import time
from pathlib import Path

import pytest

from task2vec.worker.resume_cache import ResumeCache

JOB, OTHER = "job_01kb2m4a9z3x5c7v", "job_01kb2m4a9z3x5c7w"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def begin(resume_cache: ResumeCache, job: str) -> Path:
    place = resume_cache.place(job)
    assert place is not None
    place.mkdir()
    (place / "x.unfinished").write_bytes(b"half")
    return place


def test_another_worker_of_the_server_finds_it(root: Path) -> None:
    one, two = (ResumeCache("http://server", over=lambda _: False, root=root) for _ in range(2))
    assert not one.begun(JOB)
    begin(one, JOB)

    assert two.begun(JOB)
    assert not two.begun(OTHER)
    assert not ResumeCache("http://another", over=lambda _: False, root=root).begun(JOB)
    two.drop(JOB)
    assert not one.begun(JOB)


def test_what_ended_meanwhile_is_swept_and_no_other_servers(root: Path) -> None:
    resume_cache = ResumeCache("http://server", over=lambda job: job == JOB, root=root)
    another = ResumeCache("http://another", over=lambda _: True, root=root)
    begin(resume_cache, JOB)
    going = begin(resume_cache, OTHER)
    elsewhere = begin(another, JOB)

    resume_cache.sweep()

    assert sorted(root.iterdir()) == sorted([going, elsewhere])


def test_jobs_are_not_asked_about_all_the_time(root: Path) -> None:
    asked: list[str] = []

    def over(job: str) -> bool:
        asked.append(job)
        return False

    resume_cache = ResumeCache("http://server", over=over, root=root)
    begin(resume_cache, JOB)
    for _ in range(3):
        resume_cache.sweep()

    assert asked == [JOB]


def test_what_no_server_asks_for_goes_after_a_week(root: Path) -> None:
    resume_cache = ResumeCache("http://server", over=lambda _: False, root=root)
    old = begin(ResumeCache("http://gone", over=lambda _: False, root=root), JOB)
    new = begin(resume_cache, JOB)
    week_ago = time.time() - 8 * 24 * 3600
    for path in (old / "x.unfinished", old):
        os.utime(path, (week_ago, week_ago))

    resume_cache.sweep()

    assert list(root.iterdir()) == [new]


@pytest.mark.parametrize("job", ["../up", "job_a/b", "", "job_" + "a" * 99, "job_x\n"])
def test_a_server_cannot_name_a_place_elsewhere(root: Path, job: str) -> None:
    assert ResumeCache("http://server", over=lambda _: False, root=root).place(job) is None


def test_it_is_this_users_alone(root: Path, tmp_path: Path) -> None:
    assert ResumeCache("http://server", over=lambda _: False, root=root).place(JOB) is not None
    assert root.stat().st_mode & 0o777 == 0o700
    root.chmod(0o777)
    link = tmp_path / "link"
    link.symlink_to(root)

    for untrusted in (root, link):
        resume_cache = ResumeCache("http://server", over=lambda _: False, root=untrusted)
        assert resume_cache.place(JOB) is None
        assert not resume_cache.begun(JOB)
        resume_cache.sweep()
        resume_cache.drop(JOB)
