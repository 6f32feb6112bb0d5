import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """A cache folder of the tests' own."""
    folder = tmp_path_factory.getbasetemp() / "task2vec-cache"
    monkeypatch.setenv("TASK2VEC_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def resnet(tmp_path_factory):
    """The random weights of a whole ResNet-18 with 7 classes, and the file that holds them."""
    import timm
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    state = timm.create_model("resnet18", num_classes=7).state_dict()
    path = tmp_path_factory.mktemp("weights") / "some weights.safetensors"
    save_file(state, path)
    return state, path
