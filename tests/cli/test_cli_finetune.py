"""`task2vec finetune`: an expert, its checkpoint, and the outcome of where it started."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command import Cli
from small_network import reference_of
from small_store import SmallStore, snapshot

from task2vec.cli.run import run
from task2vec.client.show.expert import of_tuned
from task2vec.finetuning.card import read_classifier_card
from task2vec.messages.finetuning import Tuned as Answer
from task2vec.messages.jobs import Progress
from task2vec.service.models.timm_snippet import starting_code
from task2vec.service.models.zoo import get_model, loadable_ref
from task2vec.service.workspace import Workspace

SHORT = ["--images", "24", "--epochs", "1"]
QUICK = [*SHORT, "--from", "start"]
NAME = "emoji_food-from-start"


@dataclass(frozen=True)
class Tuned:
    store: Path
    code: int


@pytest.fixture(scope="module")
def begun(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a small network to start from: not to be written to."""
    folder = tmp_path_factory.mktemp("begun")
    store = Path(shutil.copytree(small.store, folder / "store"))
    assert (
        run(["models", "add", reference_of(folder), "--name", "start", "--store", str(store)]) == 0
    )
    return store


@pytest.fixture
def store(begun: Path, tmp_path: Path) -> Path:
    """A copy of that store, free to be changed, in a folder that is awkward to name."""
    return Path(shutil.copytree(begun, tmp_path / "my störe"))


@pytest.fixture(scope="module")
def tuned(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tuned]:
    """A store with one expert: not to be written to."""
    store = Path(shutil.copytree(begun, tmp_path_factory.mktemp("tuned") / "store"))
    with pytest.MonkeyPatch.context() as patched:
        # One epoch is never better than a linear probe, and `recommend` passes over those.
        patched.setattr("task2vec.finetuning.auto_recipe.prefers_training", lambda *_, **__: True)
        code = run(["finetune", "emoji_food", *QUICK, "--store", str(store)])
    before = snapshot(store)
    yield Tuned(store, code)
    assert snapshot(store) == before


@pytest.fixture
def copy(tuned: Tuned, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tuned.store, tmp_path / "moved"))


def expert(cli: Cli, store: Path) -> dict[str, Any]:
    found: dict[str, Any] = cli("models", "show", NAME, "--store", store, "--json").json
    return found


def test_the_checkpoint_opens_under_timms_names(cli: Cli, tuned: Tuned) -> None:
    import timm
    from safetensors.torch import load_file

    model = expert(cli, tuned.store)
    state = load_file(tuned.store / "experts" / f"{model['id']}.safetensors")

    timm.create_model(model["architecture"], num_classes=4).load_state_dict(state, strict=True)
    # It counts as its start, which has the same network with a larger head.
    start = cli("models", "show", "start", "--store", tuned.store, "--json").json
    assert model["parameters"] == start["parameters"]
    assert 0 < start["parameters"] - sum(tensor.numel() for tensor in state.values()) < 1.3e6


def test_a_taken_name_is_refused_before_any_work(
    cli: Cli, tuned: Tuned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("task2vec.service.workspace._local_engine", lambda: pytest.fail("worked"))

    found = cli("finetune", "emoji_food", *QUICK, "--store", tuned.store)

    assert (found.code, found.out) == (2, "")
    assert NAME in found.err
    assert "--name" in found.err


def test_a_store_that_was_moved_keeps_its_experts(copy: Path) -> None:
    import torch
    from safetensors.torch import load_file

    with Workspace(copy) as workspace:
        model = get_model(workspace, NAME)
        assert loadable_ref(workspace, model).startswith(f"file:{copy}")
        workspace.engine.probe(loadable_ref(workspace, model))
        code = starting_code(workspace, model, classes=7)
    names: dict[str, Any] = {}
    exec(code, names)
    state = names["model"].state_dict()
    right = load_file(copy / "experts" / f"{model.id}.safetensors")
    assert all(torch.equal(state[key], v) for key, v in right.items() if not key.startswith("fc."))
    assert names["model"](torch.zeros(1, 3, 64, 64)).shape == (1, 7)


def test_few_images_are_a_linear_probe_and_the_answer_says_why(on: Cli) -> None:
    words = " ".join(on("finetune", "emoji_food", *QUICK).out.split())

    assert "Chosen: a linear probe: by cross-validation on 16 training images" in words
    assert "`recommend` will not offer it as another" in words
    assert " % where every class counts the same" in words


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ("last-stage", "Trained: the last stage, as asked for; nothing else was tried."),
        ("all-layers", "Trained: all layers, as asked for; nothing else was tried."),
        ("linear-probe", "Trained: a linear probe, as asked for; nothing else was tried."),
    ],
)
def test_a_recipe_that_was_asked_for_is_in_the_answer_the_protocol_and_the_card(
    cli: Cli, store: Path, recipe: str, words: str
) -> None:
    to = ("--store", store)
    shown = cli("finetune", "emoji_food", *QUICK, "--recipe", recipe, *to)
    again = cli(
        "finetune", "emoji_food", *QUICK, "--recipe", recipe, "--name", "again", *to, "--json"
    ).json

    assert words in " ".join(shown.out.split())
    assert f"fine-tuning/3 {recipe} 32px 16 images" in " ".join(shown.err.split())
    assert (again["recipe"], again["choice"]) == (recipe, None)
    made = cli("models", "show", "again", *to, "--json").json
    file = store / made["ref"].removeprefix("store:")
    assert read_classifier_card(file, name="again").recipe == recipe
    outcomes = cli("outcomes", "list", "--task", "emoji_food", *to, "--json").json["outcomes"]
    details = [each["details"] for each in outcomes if each["details"].get("expert") == made["id"]]
    assert [each["recipe"] for each in details] == [recipe]
    assert [each["settings"]["recipe"] for each in details] == [recipe]


def test_what_is_recommended_is_fine_tuned_and_recorded(on: Cli) -> None:
    # Nothing is done in that time: two models are measured, and what takes least is trained.
    asked = ("finetune", "emoji_food", "--recommended", "--time", "0.01s", "--images", 24)
    found = on(*asked, "--json")
    assert found.code == 0
    assert found.json["recipe"] == "linear-probe"
    told = " ".join(found.err.split())
    assert "Recommended: start" in told
    assert "Nothing fits: start with a linear probe takes least, about " in told
    assert "Expected accuracy with a linear probe: " in told
    assert f"It becomes the expert {NAME} of the task emoji_food." in told
    assert found.json["model"] == NAME
    (outcome,) = on("outcomes", "list", "--json").json["outcomes"]
    assert outcome["model"] == "start"
    assert outcome["accuracy"] == found.json["accuracy"]
    assert outcome["protocol"] == found.json["protocol"]
    again = on(*asked, "--name", "again", "--budget", 0)
    said = " ".join(again.out.split())
    assert "Trained: a linear probe, as recommended; nothing else was tried." in said


def test_nothing_is_measured_for_a_name_that_is_taken_or_images_that_are_gone(
    on: Cli, store: Path, two_classes: Path, tmp_path: Path
) -> None:
    files = [*(store / "measured").glob("*")]
    taken = on("finetune", "emoji_food", "--recommended", "--name", "start")
    assert (taken.code, taken.out) == (2, "")
    assert "A model named 'start' exists already" in taken.err
    assert "Take the default" not in taken.err
    assert [*(store / "measured").glob("*")] == files

    source = Path(shutil.copytree(two_classes, tmp_path / "gone"))
    assert on("embed", source, "--images", 6).code == 0
    shutil.rmtree(source)
    gone = on("finetune", "gone", "--recommended")
    assert (gone.code, gone.out) == (2, "")
    assert "Take the default" not in gone.err
    assert f"are no longer in {source}" in " ".join(gone.err.split())


def test_a_budget_is_for_what_is_recommended(on: Cli) -> None:
    found = on("finetune", "emoji_food", "--budget", 5)
    assert (found.code, found.out) == (2, "")
    assert "expected --budget together with --recommended" in " ".join(found.err.split())


def test_a_network_without_a_last_stage_is_refused_before_the_task_is_stored(
    cli: Cli, small: SmallStore, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("task2vec.finetuning.last_stage._same", lambda *_: False)
    source = tmp_path / "new"
    shutil.copytree(small.sources / "emoji_food", source)
    before = snapshot(store)

    found = cli("finetune", source, *QUICK, "--recipe", "last-stage", "--store", store)

    assert (found.code, found.out) == (2, "")
    assert "has no last stage" in " ".join(found.err.split())
    assert "--recipe all-layers" in " ".join(found.err.split())
    assert snapshot(store) == before


def test_images_that_are_all_equal_leave_none_to_test_on(
    on: Cli, small: SmallStore, tmp_path: Path
) -> None:
    image = next((small.sources / "emoji_food").rglob("*.png"))
    for label in ("a", "b"):
        (tmp_path / "equal" / label).mkdir(parents=True)
        for number in range(4):
            shutil.copy(image, tmp_path / "equal" / label / f"{number}.png")

    found = on("finetune", tmp_path / "equal", *QUICK)

    assert found.code == 0
    assert "No image is left to test on: too few, or copies only." in found.out


def test_recommend_knows_the_expert(cli: Cli, tuned: Tuned) -> None:
    limits = ("--max-parameters", "5M", "--images", 24, "--budget", 0)

    found = cli("recommend", "fashion_tops", "--store", tuned.store, *limits, "--json").json

    rows = {row["model"]: row for row in found["recommendations"]}
    assert set(rows) == {"efficientnet_lite0", "start", NAME}
    assert "emoji_food" in {piece["task"] for piece in rows[NAME]["evidence"]}


def alter(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "told"),
    [(Path.unlink, f"task2vec models remove {NAME}"), (alter, "have been altered")],
    ids=["gone", "altered"],
)
def test_a_damaged_checkpoint_is_noticed(
    cli: Cli, copy: Path, damage: Callable[[Path], None], told: str
) -> None:
    (file,) = (copy / "experts").iterdir()
    damage(file)

    found = cli("finetune", "fashion_tops", "--from", NAME, *SHORT, "--store", copy)

    assert (found.code, found.out) == (2, "")
    assert told in found.err
    assert cli("models", "remove", NAME, "--store", copy).code == 0


@pytest.mark.parametrize("command", [["models", "remove", NAME], ["remove", "emoji_food"]])
def test_removing_an_expert_removes_its_checkpoint(
    cli: Cli, copy: Path, command: list[str]
) -> None:
    assert cli(*command, "--cascade", "--store", copy).code == 0

    assert list((copy / "experts").iterdir()) == []
    assert cli("models", "show", NAME, "--store", copy).code == 2


def test_an_interruption_leaves_no_expert(
    cli: Cli, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def kept() -> dict[str, bytes]:
        """All but what a further run would go on from."""
        found = snapshot(store) or {}
        return {name: data for name, data in found.items() if not name.startswith("unfinished")}

    before = kept()
    monkeypatch.setattr("task2vec.cli.finetune.work_bar", lambda *_: interrupt)
    found = cli("finetune", "emoji_food", *QUICK, "--store", store)
    assert (found.code, found.out) == (130, "")
    assert kept() == before

    # When the checkpoint is on disk already and the record is not.
    monkeypatch.undo()
    for method in ("models.Models", "outcomes.Outcomes"):
        with monkeypatch.context() as patched:
            patched.setattr(f"task2vec.store.tables.{method}.add_within", interrupt)
            assert cli("finetune", "emoji_food", *QUICK, "--store", store).code == 130
        assert kept() == before, method


def test_a_run_that_goes_on_says_from_where(
    cli: Cli, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("task2vec.finetuning.resume.EVERY", 0.0)

    def until_the_second_fold(found: Progress) -> None:
        if "fold 2" in found.stage:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("task2vec.cli.finetune.work_bar", lambda *_: until_the_second_fold)
        begun = cli("finetune", "emoji_food", *QUICK, "--store", store)
    assert begun.code == 130
    assert "interrupted run" not in begun.err

    again = cli("finetune", "emoji_food", *QUICK, "--store", store, "--json")
    where = "fold 2 of 3, epoch 1 of 1"
    assert again.json["resumed"] == where
    assert f"Going on where an interrupted run stopped: {where}." in again.err.splitlines()


def test_a_server_that_went_on_is_believed_after_the_work(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Far(AbstractContextManager["Far"]):
        """Answers as a server whose worker had been killed."""

        def finetune(self, *_: object, **__: object) -> Answer:
            return Answer(
                model="m",
                task="t",
                accuracy=None,
                interval=None,
                test_images=0,
                protocol="p",
                epochs=8,
                best_epoch=8,
                seconds=1,
                warnings=(),
                resumed="epoch 4 of 8",
            )

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr("task2vec.cli.options.Here.client", lambda _: Far())
    found = cli("finetune", "t", "--url", "http://127.0.0.1:1", "--json")
    assert found.json["resumed"] == "epoch 4 of 8"
    assert found.err == "It went on where an interrupted run had stopped: epoch 4 of 8.\n"


def test_several_labels_an_image_are_refused_where_one_is_needed(
    on: Cli, two_classes: Path, tmp_path: Path
) -> None:
    labels = ["round;sweet", "sweet", "", "warm; round", "warm", "round"]
    rows = zip(sorted(two_classes.rglob("*.png")), labels, strict=True)
    lines = ["path,labels", *(f"{image},{row}" for image, row in rows)]
    (tmp_path / "tastes.csv").write_text("\n".join(lines))
    found = on("finetune", tmp_path / "tastes.csv")
    assert found.code == 2
    told = " ".join(found.err.split())
    assert "expected one label per image, got several labels per image" in told
    asked = ("embed", tmp_path / "tastes.csv", "--images", 6, "--estimator", "categorical")
    assert "--estimator principal" in " ".join(on(*asked).err.split())
    assert "tastes" not in {task["name"] for task in on("list", "--json").json["tasks"]}


def test_another_task_of_the_name_is_not_replaced(
    on: Cli, store: Path, two_classes: Path, tmp_path: Path
) -> None:
    source = Path(shutil.copytree(two_classes, tmp_path / "emoji_food"))
    before = snapshot(store)

    found = on("finetune", source, *QUICK)

    assert (found.code, found.out) == (2, "")
    assert f"task2vec embed {source} --name NAME" in found.err
    assert snapshot(store) == before


@pytest.mark.parametrize(("images", "doubt"), [(4, "each counts for 25 points"), (20, None)])
def test_an_accuracy_on_few_images_is_said_to_say_little(images: int, doubt: str | None) -> None:
    answer = Answer(
        model="m",
        task="t",
        accuracy=0.75,
        interval=(0.3, 0.95),
        test_images=images,
        protocol="p",
        epochs=8,
        best_epoch=8,
        seconds=1,
        warnings=(),
    )
    (line,) = (line for line in of_tuned(answer).notes if line.startswith("Accuracy"))
    assert ("So few say little" in line) is (doubt is not None)
    assert doubt is None or doubt in line
