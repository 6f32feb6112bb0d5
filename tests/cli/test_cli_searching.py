"""`task2vec neighbours` and `task2vec distance`."""

from pathlib import Path

import pytest
from command import Cli
from small_store import TASKS, SmallStore, cut

import task2vec
from task2vec.distance import distance_error, plain_symmetric_distance
from task2vec.embedding.engine import LocalEngine
from task2vec.store.store import Store
from task2vec.types import TaskEmbedding


@pytest.fixture(scope="module")
def embeddings(small: SmallStore) -> dict[str, TaskEmbedding]:
    with Store.open(small.store, create=False) as opened:
        return {name: opened.tasks.embedding(name) for name in TASKS}


def test_neighbours_are_all_others_by_symmetric_distance(
    ask: Cli, embeddings: dict[str, TaskEmbedding]
) -> None:
    target = embeddings["greek_capitals"]
    expected = {
        name: (
            task2vec.symmetric_distance(target, other),
            distance_error(target, other),
        )
        for name, other in embeddings.items()
        if name != "greek_capitals"
    }

    found = ask("neighbours", "greek_capitals", "--json")

    rows = found.json["neighbours"]
    assert found.code == 0
    assert [row["name"] for row in rows] == sorted(expected, key=lambda name: expected[name][0])
    for row in rows:
        assert (row["distance"], row["standard_error"]) == pytest.approx(expected[row["name"]])


def test_with_nothing_to_compare_with_nothing_is_embedded(
    cli: Cli, small: SmallStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalEngine, "embed", None)
    source = small.sources / "emoji_food"
    found = cli("neighbours", source, "--store", tmp_path / "none", "--json")
    nothing = {"task": "emoji_food", "neighbours": [], "left_out": {}}
    assert (found.code, found.json) == (3, nothing)
    assert "no other task" in found.err
    assert cli("neighbours", tmp_path / "nosuch", "--store", tmp_path / "none").code == 2
    Store.open(tmp_path / "empty", create=True).close()
    assert cli("neighbours", source, "--store", tmp_path / "empty").code == 3
    assert not Path(tmp_path / "none").exists()
    # Neither where no model could be recommended.
    refused = cli("recommend", source, "--max-parameters", 1000, "--store", tmp_path / "none")
    assert refused.code == 2
    assert "Loosen" in refused.err


def test_asymmetric_neighbours_are_the_best_sources(
    ask: Cli, embeddings: dict[str, TaskEmbedding]
) -> None:
    found = ask("neighbours", "emoji_food", "--asymmetric", "--json").json

    shown = {row["name"]: row["distance"] for row in found["neighbours"]}
    by_command = {name: ask("distance", name, "emoji_food", "--json").json for name in shown}
    expected = {name: d["asymmetric"]["source_to_target"] for name, d in by_command.items()}
    assert shown == pytest.approx(expected)
    assert list(shown) == sorted(expected, key=lambda name: expected[name])
    assert len(shown) == 3


def test_too_few_tasks_have_no_mean(on: Cli) -> None:
    for name in TASKS[2:]:
        on("remove", name)
    found = on("neighbours", TASKS[0], "--geometry", "centred")
    assert (found.code, found.out) == (2, "")
    assert "at least 3" in found.err
    assert "symmetric" in found.err


def test_k_keeps_the_nearest_and_the_table_shows_them(ask: Cli) -> None:
    all_rows = ask("neighbours", "emoji_food", "--json").json["neighbours"]
    table = ask("neighbours", "emoji_food", "-k", 2)

    lines = table.out.splitlines()[1:]
    ranks = [row["rank"] for row in all_rows[:2]]
    assert [line.split() for line in lines] == [
        [
            f"{row['rank']}=" if ranks.count(row["rank"]) > 1 else f"{row['rank']}",
            row["name"],
            f"{row['distance']:.3f}",
            f"{row['standard_error']:.3f}",
        ]
        for row in all_rows[:2]
    ]
    assert ("shares its rank" in table.err) == (ranks == [1, 1])


def test_distances_are_those_of_the_library(ask: Cli, embeddings: dict[str, TaskEmbedding]) -> None:
    source, target = embeddings["emoji_food"], embeddings["fashion_tops"]

    found = ask("distance", "emoji_food", "fashion_tops", "--json").json

    asymmetric, information = task2vec.asymmetric_distance, task2vec.information_distance
    assert found["symmetric"] == pytest.approx(task2vec.symmetric_distance(source, target))
    assert found["standard_error"] == pytest.approx(distance_error(source, target))
    assert found["asymmetric"] == pytest.approx(
        {
            "source_to_target": asymmetric(source=source, target=target),
            "target_to_source": asymmetric(source=target, target=source),
        }
    )
    assert found["information"] == pytest.approx(
        {
            "source_to_target": information(source=source, target=target),
            "target_to_source": information(source=target, target=source),
        }
    )
    assert found["asymmetric"]["source_to_target"] != found["asymmetric"]["target_to_source"]

    said = " ".join(ask("distance", "emoji_food", "fashion_tops").err.split())
    plain = {name: plain_symmetric_distance(source, embeddings[name]) for name in TASKS}
    farther = sum(plain[name] > plain["fashion_tops"] for name in TASKS)
    assert not found["same_images"]
    assert (found["nearer"], found["compared"]) == (2 - farther, 2)
    nearer = {0: "None of 2 other stored tasks is", 1: "1 of 2 other stored tasks is"}.get(
        2 - farther, "2 of 2 other stored tasks are"
    )
    assert f"{nearer} nearer to emoji_food than fashion_tops is." in said
    assert "Compare it with that of other pairs only" in said
    table = ask("distance", "emoji_food", "fashion_tops").out.splitlines()
    assert "emoji_food -> fashion_tops  fashion_tops -> emoji_food" in table[0]
    assert table[1].split() == ["symmetric"] + 2 * [f"{found['symmetric']:.3f}"]
    assert table[2].split()[1] == f"{found['asymmetric']['source_to_target']:.3f}"
    assert table[2].split()[2] == f"{found['asymmetric']['target_to_source']:.3f}"


def test_a_task_is_at_no_distance_from_itself(ask: Cli) -> None:
    found = ask("distance", "emoji_food", "emoji_food", "--json").json

    assert found["symmetric"] == found["standard_error"] == 0
    assert found["information"] == {"source_to_target": 0, "target_to_source": 0}


def test_the_same_images_are_one_task_whatever_the_seed(cli: Cli, tmp_path: Path) -> None:
    # Of eight images all are drawn, whatever the seed.
    eight = cut("emoji_food", tmp_path / "eight", classes=2, images=4)
    for seed in (0, 1):
        cli("embed", eight, "--name", f"seed{seed}", "--seed", seed)
    found = cli("distance", "seed0", "seed1", "--json")
    assert found.json["same_images"]
    assert (found.json["symmetric"], found.json["interval"]) == (0, [0, 0])
    ways = found.json["asymmetric"]
    assert ways["source_to_target"] == ways["target_to_source"] < 0
    shown = cli("distance", "seed0", "seed1")
    assert shown.out == (
        "seed0 and seed1 were embedded from the same images with the same labels: they are one "
        "task, at distance 0.\n"
    )
    assert shown.err == "Next:\n  task2vec neighbours seed0\n"


@pytest.mark.parametrize("command", ["neighbours", "distance"])
def test_another_space_is_refused_with_what_differs(
    ask: Cli, two_classes: Path, command: str
) -> None:
    other = ("emoji_food",) if command == "distance" else ()
    found = ask(
        *(command, two_classes, *other),
        *("--probe", "efficientnet_lite0?input_size=64", "--images", 6),
    )

    assert (found.code, found.out) == (2, "")
    assert "probe = " in found.err
    assert "prior_precision" not in found.err
    assert "Use the probe efficientnet_lite0" in found.err or "same probe" in found.err


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("--tag", "nope"), "has the tag 'nope'."),
        (("--tag", "a", "--tag", "b"), "has the tag 'a' and the tag 'b'."),
        (("--min-classes", 900), "has at least 900 classes."),
        (("--tag", "a", "--max-classes", 1), "has the tag 'a' and at most 1 class."),
    ],
)
def test_what_none_of_the_others_has_is_named(
    ask: Cli, small: SmallStore, asked: tuple[object, ...], told: str
) -> None:
    found = ask("neighbours", "emoji_food", *asked)

    assert (found.code, found.out) == (3, "")
    said = " ".join(found.err.split())
    all_tasks = f"`task2vec list --store {small.store}`"
    assert said == f"No other comparable task in the store {told} See them all: {all_tasks}."


def test_neighbours_that_are_cut_say_how_many_there_are(
    cli: Cli, store: Path, two_classes: Path
) -> None:
    at = ("--store", store)
    task = cli("show", "emoji_food", *at, "--json").json["id"]
    for asked in ("emoji_food", task):
        said = cli("neighbours", asked, "-k", 2, *at).err
        assert "\n2 of 3 shown; `-k 3` shows all.\nNext:\n" in f"\n{said}"
        assert " shown; " not in cli("neighbours", asked, "-k", 3, *at).err
    said = cli("neighbours", two_classes, "-k", 3, "--images", 6, *at).err
    assert "3 of 4 shown; `-k 4` shows all." in said
    assert " shown; " not in cli("neighbours", "emoji_food", "-k", 2, *at, "--json").err
    # Only those that fit count, and those of the same space.
    few = ("embed", two_classes, "--name", "tagged", "--tag", "x", "--images", 6)
    other = ("--name", "other", "--tag", "x", "--probe", "efficientnet_lite0?input_size=64")
    assert cli(*few, *at).code == cli(*few[:2], *other, "--images", 6, *at).code == 0
    assert " shown; " not in cli("neighbours", "emoji_food", "-k", 1, "--tag", "x", *at).err
    assert "3 of 4 shown" in cli("neighbours", "emoji_food", "-k", 3, *at).err
