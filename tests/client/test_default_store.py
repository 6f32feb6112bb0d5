"""The functions at top level do what a client of the default store does."""

import inspect
import shutil
from pathlib import Path

import pytest
import small_store
from small_expert import add_expert, expert_file
from small_store import CLASSES, IMAGES, TASKS, USED

import task2vec
from task2vec import LocalClient

FUNCTIONS = {
    "compare": "compare",
    "evaluate": "evaluate",
    "finetune": "finetune",
    "neighbours": "search",
    "predict": "predict",
    "recommend": "recommend",
}


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    small = small_store.build()
    shutil.copytree(small.store, tmp_path / "task2vec-store")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TASK2VEC_STORE", raising=False)
    return small.sources


def test_they_answer_from_the_store_in_the_working_folder(sources: Path) -> None:
    near = task2vec.neighbours(TASKS[0], k=2, progress=False)
    best = task2vec.recommend(TASKS[0], images=USED, measure=False, progress=False)

    with LocalClient("task2vec-store") as client:
        assert near == client.search(TASKS[0], k=2)
        assert best == client.recommend(TASKS[0], images=USED, measure=False)
    assert near.neighbours[0].name in TASKS[1:]


def test_they_answer_from_the_store_that_the_environment_names(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASK2VEC_STORE", str(tmp_path / "other"))

    with pytest.raises(task2vec.UnknownNameError):
        task2vec.neighbours(TASKS[0])


def test_a_variable_that_is_empty_names_none(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASK2VEC_STORE", "")

    assert task2vec.neighbours(TASKS[0], k=1, progress=False).neighbours


def test_an_expert_of_the_default_store_predicts_and_is_evaluated(
    sources: Path, tmp_path: Path
) -> None:
    add_expert(tmp_path / "task2vec-store", expert_file(tmp_path, sources / TASKS[0]))
    with LocalClient() as client:
        expert = next(model for model in client.models.list() if model.ref.startswith("store:"))

    predicted = task2vec.predict(expert, sources / TASKS[0], progress=False)
    evaluated = task2vec.evaluate(expert.name, sources / TASKS[0], progress=False)

    assert len(predicted) == evaluated.images == CLASSES * IMAGES
    assert all(each.error is None for each in predicted)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_they_take_what_the_methods_take(name: str) -> None:
    function, method = getattr(task2vec, name), getattr(LocalClient, FUNCTIONS[name])
    taken = inspect.signature(function).parameters
    (_, *parameters) = inspect.signature(method).parameters.values()
    without = {"here"} if name == "predict" else set()

    assert name in task2vec.__all__
    assert function.__doc__
    assert [(p.name, p.default) for p in taken.values()] == [
        (p.name, p.default) for p in parameters if p.name not in without
    ]
