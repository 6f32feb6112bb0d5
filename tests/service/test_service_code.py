"""The code that a recommendation prints, for models of the hub."""

from pathlib import Path

import pytest
from factories import make_model

from task2vec.service.models.timm_snippet import starting_code
from task2vec.service.workspace import Workspace

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def code(ref: str) -> str:
    model = make_model(
        "model", id="mdl_0123456789abcdef", ref=ref, architecture="resnet18", input_size=224
    )
    with Workspace(Path("nowhere")) as workspace:
        return starting_code(workspace, model, classes=3)


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("timm:resnet18.a1_in1k", "resnet18.a1_in1k"),
        ("timm:resnet18.a1_in1k?input_size=96", "resnet18.a1_in1k"),
        (f"hf-hub:timm/resnet18.a1_in1k@{COMMIT}", f"hf-hub:timm/resnet18.a1_in1k@{COMMIT}"),
    ],
)
def test_models_of_the_hub_are_named_as_timm_names_them(ref: str, name: str) -> None:
    found = code(ref)
    model = f"import timm\n\nmodel = timm.create_model({name!r}, pretrained=True, num_classes=3)\n"
    assert found.startswith(model)
    assert "transform = " in found.removeprefix(model)


def test_a_pinned_commit_of_timm_is_kept() -> None:
    # timm.create_model would take the commit for a part of the tag.
    ref = f"timm:resnet18.a1_in1k@{COMMIT}"

    assert f"load_probe({ref!r})" in code(ref)
    assert "timm.create_model('resnet18', num_classes=3)" in code(ref)


def test_the_client_of_a_server_is_told_how_to_get_the_weights(tmp_path: Path) -> None:
    expert = make_model(
        "birds",
        id="mdl_0123456789abcdef",
        ref="store:experts/mdl_0123456789abcdef.safetensors",
        architecture="resnet18",
        task="tsk_0123456789abcdef",
        input_size=224,
    )
    (tmp_path / "experts").mkdir()
    (tmp_path / "experts" / "mdl_0123456789abcdef.safetensors").write_bytes(b"weights")
    with Workspace(tmp_path, beside_server=True) as workspace:
        lines = starting_code(workspace, expert, classes=3)

    assert str(tmp_path) not in lines
    assert "task2vec models export birds mdl_0123456789abcdef.safetensors" in lines
    assert "load_file('mdl_0123456789abcdef.safetensors')" in lines
