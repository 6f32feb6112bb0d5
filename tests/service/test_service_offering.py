"""Experts whose weights are gone or damaged are left out, with a warning; the answer stands."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from factories import which_model
from small_expert import add_expert, expert_file
from small_store import build

from task2vec.messages.outcomes import NewOutcomes, new_outcome
from task2vec.probe import weight_files
from task2vec.service.models.availability import Weights, weights_of
from task2vec.service.models.experts import checkpoint
from task2vec.service.models.zoo import get_model
from task2vec.service.outcomes import add_outcomes
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.subjects import resolve
from task2vec.service.workspace import Workspace

EXPERTS = ("sound", "lost $(x)", "other")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with experts of a task, each beside the file that it started from."""
    folder = tmp_path_factory.mktemp("offering")
    store = Path(shutil.copytree(build().store, folder / "store"))
    for name in EXPERTS:
        (folder / name).mkdir()
        file = expert_file(folder / name, build().sources / "emoji_food")
        add_expert(store, file, name=name)
    return store


@pytest.fixture
def workspace(original: Path, tmp_path: Path) -> Iterator[Workspace]:
    store = Path(shutil.copytree(original, tmp_path / "store"))
    with Workspace(store) as opened:
        yield opened


def file_of(workspace: Workspace, name: str) -> Path:
    path = checkpoint(workspace, get_model(workspace, name))
    assert path is not None
    return path


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def no_header(path: Path) -> None:
    path.write_bytes(b"no weights at all")


def says_nothing_sensible(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"task2vec":"{', b'"task2vec":"}', 1))


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def warned(warnings: tuple[str, ...] | list[str]) -> list[str]:
    return [warning for warning in warnings if warning.startswith("left out")]


def asked(workspace: Workspace) -> tuple[set[str], list[str]]:
    answer = recommend(workspace, which_model(), resolve(workspace, "fashion_tops"), measured={})
    assert answer.chosen
    return {each.model for each in answer.recommendations}, warned(answer.warnings)


@pytest.mark.parametrize("damage", [cut_short, no_header, says_nothing_sensible])
def test_a_damaged_expert_is_left_out_with_a_warning(
    workspace: Workspace, damage: Callable[[Path], None]
) -> None:
    everything, warnings = asked(workspace)
    assert set(EXPERTS) < everything
    assert warnings == []

    damage(file_of(workspace, "lost $(x)"))

    assert asked(workspace) == (
        everything - {"lost $(x)"},
        [
            "left out, because its checkpoint is damaged: lost $(x). Restore the file from a copy, "
            "or remove the model: `task2vec models remove 'lost $(x)'`."
        ],
    )


def test_all_that_are_gone_are_told_in_one_warning(workspace: Workspace) -> None:
    everything, _ = asked(workspace)
    for name in ("lost $(x)", "other"):
        file_of(workspace, name).unlink()

    assert asked(workspace) == (
        everything - {"lost $(x)", "other"},
        [
            "left out, because their checkpoints are gone: lost $(x), other. Restore the files "
            "from copies, or remove the models: `task2vec models remove 'lost $(x)'`."
        ],
    )


def test_weights_that_were_added_from_a_file_may_be_gone_too(
    workspace: Workspace, original: Path
) -> None:
    started = get_model(workspace, "start of sound")
    assert weights_of(workspace, started) is Weights.SOUND
    moved = original.parent / "sound" / "moved.safetensors"
    (original.parent / "sound" / "expert.safetensors").rename(moved)
    try:
        found = weights_of(workspace, started)
    finally:
        moved.rename(original.parent / "sound" / "expert.safetensors")
    assert found is Weights.GONE


def test_epoch_0_of_a_file_from_elsewhere_is_no_reason(
    workspace: Workspace, tmp_path: Path
) -> None:
    file = expert_file(tmp_path, build().sources / "emoji_food", best_epoch=0)
    add_expert(workspace.path, file, name="unchanged")
    # Of a file that nobody fine-tuned here no start is known that would be offered in its place.
    assert weights_of(workspace, get_model(workspace, "unchanged")) is Weights.UNCHANGED
    assert weights_of(workspace, get_model(workspace, "start of unchanged")) is Weights.SOUND


def test_only_every_byte_tells_of_any_change(workspace: Workspace) -> None:
    flip_a_bit(file_of(workspace, "other"))
    model = get_model(workspace, "other")

    assert weights_of(workspace, model) is Weights.SOUND
    assert weights_of(workspace, model, every_byte=True) is Weights.DAMAGED


def test_the_measurements_of_a_budget_do_without_them(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_of(workspace, "sound").unlink()
    cut_short(file_of(workspace, "lost $(x)"))
    flip_a_bit(file_of(workspace, "other"))
    read: list[str] = []
    original = weight_files.file_hash

    def file_hash(path: Path) -> str:
        read.append(path.name)
        return original(path)

    monkeypatch.setattr(weight_files, "file_hash", file_hash)

    def told(what: str, *_: int) -> None:
        # Measuring has begun before any checkpoint is read through.
        assert read == [] or what != "probing efficientnet_lite0"

    answer = recommend(
        workspace,
        which_model(architecture="test_resnet", budget=60.0, images=24),
        resolve(workspace, "fashion_tops"),
        progress=told,
    )

    assert not {each.model for each in answer.recommendations} & set(EXPERTS)
    assert file_of(workspace, "other").name in read
    gone, damaged, found_later = [each for each in warned(answer.warnings) if "checkpoint" in each]
    assert "its checkpoint is gone: sound" in gone
    assert "its checkpoint is damaged: lost $(x)" in damaged
    assert found_later == (
        "left out, because its checkpoint is damaged: other. Restore the file from a copy, or "
        "remove the model: `task2vec models remove other`."
    )


def test_where_nobody_is_left_the_reason_is_not_the_limits(workspace: Workspace) -> None:
    for name in EXPERTS:
        workspace.store().models.edit(get_model(workspace, name).id, licence="ours")
        file_of(workspace, name).unlink()

    question = which_model(licence="ours")
    answer = recommend(workspace, question, resolve(workspace, "fashion_tops"), measured={})

    assert (answer.recommendations, answer.chosen) == ((), "")
    assert answer.reason == "no model within the limits can be used"


def test_an_unchanged_expert_is_no_candidate_and_no_warning(
    workspace: Workspace, tmp_path: Path
) -> None:
    file = expert_file(tmp_path, build().sources / "emoji_food", best_epoch=0)
    add_expert(workspace.path, file, name="unchanged")

    answer = recommend(workspace, which_model(), resolve(workspace, "fashion_tops"), measured={})

    assert "unchanged" not in {each.model for each in answer.recommendations}
    assert not any("unchanged" in warning for warning in answer.warnings)
    assert answer.evidence_summary.endswith(
        "Not a candidate: unchanged. Its backbone is unchanged: fine-tuning kept the linear probe."
    )


def test_unused_outcomes_are_told_where_a_model_of_the_answer_or_the_task_has_them(
    workspace: Workspace,
) -> None:
    def warned_about(task: str, *, architecture: str) -> bool:
        question = which_model(architecture=architecture)
        found = recommend(workspace, question, resolve(workspace, task), measured={})
        return any("not used: the default has none" in each for each in found.warnings)

    new = new_outcome("sound", "emoji_food", 0.9, protocol="mine")
    add_outcomes(workspace, NewOutcomes(outcomes=(new,)))
    only_packaged, small = "tf_efficientnet*", "test_resnet"
    assert not warned_about("fashion_tops", architecture=only_packaged)
    assert warned_about("emoji_food", architecture=only_packaged)
    assert warned_about("fashion_tops", architecture=small)
