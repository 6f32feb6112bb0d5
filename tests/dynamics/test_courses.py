"""Trainings with a deficit: what they share, what they see, and what is kept."""

from dataclasses import replace

import pytest
import torch

from task2vec.dynamics.courses import Course, Laboratory
from task2vec.dynamics.scratch import Images, ScratchSettings, ScratchTraining

CLEAN = Course(seed=1, epochs=4)
SETTINGS = ScratchSettings(network="cnn", batch=8, rate=0.05, shift=1)


def _images(count, seed):
    drawn = torch.Generator().manual_seed(seed)
    images = torch.randn(count, 1, 16, 16, generator=drawn)
    labels = torch.arange(count) % 3
    images[torch.arange(count), 0, 5 * labels] += 2
    return Images(images, labels)


@pytest.fixture(scope="module")
def lab():
    return Laboratory(_images(24, 0), _images(12, 1), classes=3, settings=SETTINGS, monitored=12)


@pytest.mark.parametrize(
    "course",
    [
        Course(seed=1, epochs=3, deficit="blur", start=0, end=2),
        Course(seed=1, epochs=4, deficit="labels", start=2, end=3),
        Course(seed=1, epochs=6),
    ],
    ids=["from the start", "a window", "longer"],
)
def test_a_branch_is_what_the_course_alone_would_be(lab, tmp_path, course):
    (alone,) = lab.carry_out([course], tmp_path / "alone")
    records = list(lab.carry_out([CLEAN, course], tmp_path / "together"))
    assert {record.epochs for record in records} == {CLEAN.epochs, course.epochs}
    branch = next(r for r in records if (r.deficit, r.epochs) == (alone.deficit, alone.epochs))
    assert branch == alone
    assert [row.epoch for row in branch.rows] == list(range(course.epochs + 1))


def test_a_course_is_the_training_that_it_says(lab, tmp_path):
    course = Course(seed=3, epochs=3, deficit="flip", start=1, end=2)
    (record,) = lab.carry_out([course], tmp_path)
    training = ScratchTraining(
        lab.train, classes=3, settings=replace(SETTINGS, seed=3), deficit=course.window
    )
    accuracies = [training.accuracy(lab.test)]
    for _ in range(3):
        training.run_epoch()
        accuracies.append(training.accuracy(lab.test))
    assert [row.test_accuracy for row in record.rows] == accuracies


def test_what_is_measured_is_what_the_network_saw(lab, tmp_path):
    deficit = Course(seed=1, epochs=2, deficit="labels", start=0, end=1)
    clean, harmed = (next(lab.carry_out([c], tmp_path)) for c in (CLEAN, deficit))
    # The same network at the start, the same images, and labels of other classes.
    assert harmed.rows[0].trace == clean.rows[0].trace
    assert harmed.rows[0].loss != clean.rows[0].loss


def test_records_are_read_and_not_trained_again(lab, tmp_path):
    courses = [CLEAN, Course(seed=1, epochs=4, deficit="blur", start=1, end=2)]
    first = {r.deficit: r for r in lab.carry_out(courses, tmp_path)}
    times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(times) == 2
    # A lab that would train other networks.
    other = replace(lab, settings=replace(SETTINGS, rate=0.5))
    assert {r.deficit: r for r in other.carry_out(courses, tmp_path)} == first
    # What is missing is made up for, from the trunk that is there.
    (tmp_path / f"{courses[1].name}.json").unlink()
    assert {r.deficit: r for r in lab.carry_out(courses, tmp_path)} == first


def test_where_courses_part():
    window = Course(seed=1, epochs=8, deficit="blur", start=3, end=5)
    assert window.parts_from(replace(CLEAN, epochs=8)) == 3
    assert window.parts_from(replace(window, end=6)) == 5
    assert CLEAN.parts_from(replace(CLEAN, epochs=8)) == 4
    assert window.parts_from(window) == 8
