"""What models count as: one network is one size, whatever head its file has."""

from pathlib import Path

import pytest
from factories import make_model, replace, which_model

from task2vec.messages.models import Model, ModelEdit
from task2vec.service.models.limits import allowed
from task2vec.service.models.registering import edit_model, remove_model
from task2vec.service.models.zoo import as_published, get_model, list_models
from task2vec.service.packaged_models import default_model_id
from task2vec.service.workspace import Workspace

PLAIN = 4_652_008
EXPERT = make_model(
    "expert",
    id="mdl_1",
    ref="store:experts/mdl_1.safetensors",
    architecture="tf_efficientnet_lite0",
    parameters=3_419_478,
    input_size=128,
    licence="Apache-2.0",
    start=default_model_id(),
)
# Of another head, such as one of 21,841 classes.
WIDE = replace(
    EXPERT, id="mdl_w", name="wide", ref="hf-hub:somebody/wide", parameters=30_000_000, start=None
)


def counts(*models: Model, among: tuple[Model, ...] = ()) -> list[int | None]:
    return [model.parameters for model in as_published(models, among=(*models, *among))]


def test_experts_of_a_store_count_as_the_default_that_they_descend_from(tmp_path: Path) -> None:
    second = replace(
        EXPERT, id="mdl_2", name="second", ref="store:experts/mdl_2.safetensors", start=EXPERT.id
    )
    with Workspace(tmp_path) as workspace:
        store = workspace.store(create=True)
        for record in (EXPERT, second):
            store.models.add(record)
        found = {model.name: model for model in list_models(workspace)}
        assert {found[name].parameters for name in ("expert", "second")} == {PLAIN}
        for most, passes in ((4_000_000, set()), (PLAIN, {EXPERT.id, second.id})):
            question = which_model(max_parameters=most)
            within = {model.id for model in found.values() if allowed(model, question)}
            assert within - {default_model_id()} == passes

        # By name, by reference, and in whatever is shown of it once it has changed.
        assert get_model(workspace, "expert").parameters == PLAIN
        assert get_model(workspace, EXPERT.ref).parameters == PLAIN
        seen: list[Model] = []
        shown = get_model(workspace, "expert")
        edited = edit_model(workspace, "expert", ModelEdit(licence="MIT"), check=seen.append)
        assert (seen, edited) == ([shown], replace(shown, licence="MIT"))
        assert remove_model(workspace, "expert", check=seen.append) == seen[1] == edited
        # Its start is gone: it is of a published architecture still.
        assert get_model(workspace, "second").parameters == PLAIN
        # What the store holds is not touched.
        assert store.models.get("second").parameters == EXPERT.parameters


@pytest.mark.parametrize(
    ("model", "count"),
    [
        (replace(EXPERT, start=None), PLAIN),
        (replace(EXPERT, start=EXPERT.id), PLAIN),
        (replace(EXPERT, start=None, ref="file:/a.safetensors?arch=tf_efficientnet_lite0"), PLAIN),
        (WIDE, 30_000_000),
        (replace(EXPERT, start=WIDE.id), 30_000_000),
        (replace(WIDE, ref="timm:resnet50.a1_in1k", architecture="resnet50", parameters=None),
         25_560_000),
        (replace(WIDE, ref="hf-hub:me/mine", architecture="resnet50", parameters=None), 25_560_000),
        (replace(WIDE, ref="hf-hub:me/mine", architecture="mine", parameters=None), None),
        (replace(EXPERT, start=None, architecture="mine"), EXPERT.parameters),
    ],
    ids=[
        *("start gone", "its own start", "file", "variant", "expert of a variant", "timm"),
        *("hub", "unknown", "architecture of nobody"),
    ],
)  # fmt: skip
def test_a_model_counts_as_its_architecture_is_published(model: Model, count: int | None) -> None:
    among = () if model.id == WIDE.id else (WIDE,)
    assert counts(model, among=among)[0] == count
