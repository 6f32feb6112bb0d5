"""What every client does with images: embedding, batches, fine-tuning, with the default probe.

Of the two clients of a server the asynchronous one: the blocking one runs the same steps, and is
embedded, compared and predicted with elsewhere.
"""

import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from client_kinds import client_of
from small_store import USED, SmallStore, cut

from task2vec.distance import task_symmetric_distance
from task2vec.errors import (
    InputError,
    NameTakenError,
    SettingError,
    SourceError,
    UnknownNameError,
)
from task2vec.messages.batches import ItemStatus
from task2vec.messages.jobs import Progress
from task2vec.types import ChosenBy, Recipe

IMAGES = 6


@pytest.fixture(params=["local", "asynchronous"])
def client(request: pytest.FixtureRequest, stores: dict[str, str]) -> Iterator[Any]:
    with client_of(request.param, stores[request.param]) as made:
        yield made


@pytest.fixture
def source(tmp_path: Path, fresh: str) -> Path:
    folder = cut("emoji_food", tmp_path / "sources" / fresh, classes=2, images=3)
    # Bytes that no other test has sent to the server.
    (folder / "about.txt").write_text(fresh)
    return folder


def test_a_source_is_embedded_to_the_same_vector_everywhere(
    client: Any, reference: Any, source: Path, fresh: str, small: SmallStore
) -> None:
    told: list[Progress] = []
    task = client.embed(source, images=IMAGES, tags=["a"], progress=told.append)

    assert (task.name, task.images, task.classes, task.tags) == (fresh, IMAGES, 2, ("a",))
    assert any(progress.done for progress in told)
    with pytest.raises(NameTakenError, match=fresh) as taken:
        client.embed(source, images=IMAGES)
    # In words for every interface: the options of one are not those of the others.
    assert str(taken.value) == str(NameTakenError.of_task(fresh))
    assert "`--update`" in str(taken.value)
    whole = small.sources / "emoji_food"
    again = client.embed(whole, name=fresh, images=USED, update=True)
    assert again.id == task.id
    ours, theirs = client.tasks.embedding(fresh), reference.tasks.embedding("emoji_food")
    # Other numbers of threads sum in another order, which shows in single elements; another seed
    # would be 0.1 away.
    assert task_symmetric_distance(ours, theirs) < 1e-6
    assert ours.provenance.content_hash == theirs.provenance.content_hash
    client.tasks.remove(fresh)


def test_what_cannot_be_embedded_leaves_no_task(client: Any, tmp_path: Path, fresh: str) -> None:
    single = cut("emoji_food", tmp_path / fresh, classes=1, images=3)
    for source in (single, tmp_path / "nowhere", "nowhere"):
        with pytest.raises(SourceError):
            client.embed(source, name=fresh, images=IMAGES)
    with pytest.raises(SettingError):
        client.embed(single, name="\n", images=IMAGES)
    assert fresh not in {task.name for task in client.tasks.list()}


def test_a_source_is_embedded_for_one_answer(
    client: Any, reference: Any, source: Path, fresh: str
) -> None:
    found = client.search(source, k=50, images=IMAGES)
    both = client.distance(source, "emoji_food", images=IMAGES)

    assert (found.task, both.source, both.target) == (fresh, fresh, "emoji_food")
    # Other tests may have left tasks of the same images in the store.
    first = {task.name for task in reference.tasks.list()}
    nearest = next(each for each in found.neighbours if each.name in first)
    assert nearest.name == "emoji_food"
    assert nearest.distance == pytest.approx(both.symmetric, rel=1e-3)
    assert any("noisy" in warning for warning in found.warnings)
    assert fresh not in {task.name for task in client.tasks.list()}


def test_several_labels_an_image_on_the_way_to_neighbours(
    client: Any, source: Path, fresh: str
) -> None:
    images = sorted(path.relative_to(source.parent) for path in source.rglob("*.png"))
    cells = ["1,0,", "1,1,0", "0,1,1", "0,0,1", "0,,0", "1,0,1"]
    rows = [f"{image},{row}" for image, row in zip(images, cells, strict=True)]
    listed = source.parent / f"{fresh}_listed.csv"
    listed.write_text("\n".join(["path,round,sweet,warm", *rows]))

    task = client.embed(listed, name=fresh, images=IMAGES)

    provenance = client.tasks.get(fresh).provenance
    assert (task.images, task.classes) == (IMAGES, 3)
    assert provenance.likelihood == "bernoulli"
    assert provenance.class_names == ("round", "sweet", "warm")
    assert "several labels per image" in (client.tasks.get(fresh)._repr_html_() or "")
    # The very space of tasks with one label per image.
    assert "emoji_food" in {each.name for each in client.search(fresh, k=9).neighbours}
    assert 0 < client.distance(fresh, "emoji_food").symmetric < 1
    client.tasks.remove(fresh)


def test_a_batch_is_done_once_as_a_dry_run_foresees(client: Any, source: Path, fresh: str) -> None:
    folder = source.parent
    cut("fashion_tops", folder / f"{fresh}_known", classes=2, images=3)
    cut("fashion_tops", folder / f"{fresh}_taken", classes=2, images=4)
    for name in ("known", "taken"):
        client.embed(folder / f"{fresh}_{name}", images=IMAGES)
    cut("emoji_food", folder / f"{fresh}_taken", classes=2, images=5)
    cut("emoji_food", folder / f"{fresh}_single", classes=1, images=3)
    (folder / f"{fresh}_zip.zip").write_bytes(b"no archive")
    (folder / f"{fresh}_void").mkdir()
    stored = {task.name: task for task in client.tasks.list()}

    def run(**more: Any) -> dict[str, Any]:
        items = list(client.batch(folder, images=IMAGES, tags=["b"], **more))
        assert {item.position: item.name for item in items} == dict(
            enumerate(sorted(path.stem for path in folder.iterdir()))
        )
        return {item.name: item for item in items}

    foreseen = run(dry_run=True)
    assert {task.name: task for task in client.tasks.list()} == stored
    replacing = run(dry_run=True, update=True)
    real = run()

    assert {name: item.status for name, item in real.items()} == {
        fresh: ItemStatus.EMBEDDED,
        f"{fresh}_known": ItemStatus.UNCHANGED,
        f"{fresh}_taken": ItemStatus.FAILED,
        f"{fresh}_single": ItemStatus.FAILED,
        f"{fresh}_zip": ItemStatus.FAILED,
        f"{fresh}_void": ItemStatus.SKIPPED,
    }
    assert "only one class" in real[f"{fresh}_single"].error.detail
    assert _ends(foreseen) == _ends(real)
    assert foreseen[f"{fresh}_known"].task == stored[f"{fresh}_known"]
    assert replacing[f"{fresh}_taken"].status is ItemStatus.PENDING
    again = run()
    assert [again[name].status for name in (fresh, f"{fresh}_known")] == [ItemStatus.UNCHANGED] * 2
    assert _ends({**again, fresh: real[fresh]}) == _ends(real)
    assert again[fresh].task == real[fresh].task == _plain(client, fresh)
    unknown = {"probe": "efficientnet_lite9"}
    assert _ends(run(dry_run=True, **unknown)) == _ends(run(**unknown))
    for name in (fresh, f"{fresh}_known", f"{fresh}_taken"):
        client.tasks.remove(name)


def _ends(items: dict[str, Any]) -> dict[str, Any]:
    """How each item ended, and of those that failed why."""
    done = {ItemStatus.PENDING: ItemStatus.EMBEDDED}
    return {
        name: (
            done.get(item.status, item.status),
            item.position,
            item.error and (item.error.code, item.error.detail, item.error.remedy),
        )
        for name, item in items.items()
    }


def test_a_list_names_and_tags_its_sources(client: Any, source: Path, fresh: str) -> None:
    (source.parent / "l.csv").write_text(f"source,name,tags\n{fresh},{fresh}_x,own two\n")

    (item,) = client.batch(source.parent / "l.csv", images=IMAGES, tags=["all"])

    assert (item.name, item.task.name, item.task.tags) == (
        f"{fresh}_x",
        f"{fresh}_x",
        ("all", "own", "two"),
    )
    client.tasks.remove(f"{fresh}_x")


def test_an_expert_is_made(client: Any, source: Path, fresh: str) -> None:
    shutil.rmtree(source)
    cut("emoji_food", source, classes=2, images=8)
    tuned = client.finetune(source, name=f"{fresh}_expert", images=16, epochs=1)

    assert (tuned.model, tuned.task) == (f"{fresh}_expert", fresh)
    assert (tuned.choice.by, tuned.choice.images) == (ChosenBy.CROSS_VALIDATION, 12)
    assert tuned.epochs == (1 if tuned.choice.chosen is Recipe.ALL_LAYERS else 0)
    assert f"{100 * tuned.choice.linear_probe.accuracy:.0f} % right" in tuned.choice.reason
    assert tuned.test_images == 4
    (outcome,) = client.outcomes.list(task=fresh)
    assert (outcome.accuracy, outcome.protocol) == (tuned.accuracy, tuned.protocol)
    assert client.models.get(tuned.model).task == client.tasks.get(fresh).id
    file = source.with_name(f"{fresh}.safetensors")
    exported = client.models.export(tuned.model, file)
    assert sha256(file.read_bytes()).hexdigest() == exported.sha256
    assert list(source.parent.glob("*.partial")) == []
    with pytest.raises(UnknownNameError, match="no checkpoint"):
        client.models.export("efficientnet_lite0", file)
    with pytest.raises(InputError, match=r"\.safetensors"):
        client.models.export(tuned.model, file.with_suffix(".pth"))
    with pytest.raises(NameTakenError, match="expert"):
        client.finetune(source, name=f"{fresh}_expert", images=16, epochs=1)
    client.tasks.remove(fresh, cascade=True)
    assert tuned.model not in {model.name for model in client.models.list()}


def test_an_expert_is_made_by_the_recipe_that_is_asked_for(
    client: Any, source: Path, fresh: str
) -> None:
    shutil.rmtree(source)
    cut("emoji_food", source, classes=2, images=8)
    recipe = Recipe.LAST_STAGE
    tuned = client.finetune(source, recipe="last-stage", images=16, epochs=1)

    assert (tuned.recipe, tuned.choice, tuned.best_epoch) == (recipe, None, 1)
    assert f" {recipe} " in tuned.protocol
    with pytest.raises(SettingError, match="recipe"):
        client.finetune(source, recipe="all layers", images=16)
    client.tasks.remove(fresh, cascade=True)


def _plain(client: Any, name: str) -> Any:
    return next(task for task in client.tasks.list() if task.name == name)
