"""The lines of timm code that use a recommendation."""

from task2vec.errors import WeightsError
from task2vec.probe.card import Preprocessing
from task2vec.probe.registry import find_card
from task2vec.probe.weight_files import referenced_file
from task2vec.service.workspace import Workspace
from task2vec.service.zoo import loadable_ref
from task2vec.types import ModelRecord


def starting_code(workspace: Workspace, model: ModelRecord, classes: int) -> str:
    """Return a script that builds the model with ``classes`` outputs, ready for fine-tuning.

    Weights of the hub are named as timm names them; others are read from their safetensors file,
    with a fresh classifier. ``transform`` prepares an image as task2vec does.
    """
    ref = loadable_ref(workspace, model)
    try:
        transform = _transform(find_card(ref).preprocessing)
    except WeightsError:
        # A model of the hub that cannot be looked up now says itself how it sees images.
        transform = _transform_of_model()
    return _model(workspace, model, ref, classes) + transform


def _model(workspace: Workspace, model: ModelRecord, ref: str, classes: int) -> str:
    # timm itself cannot pin a commit of its own models, and knows no query.
    if ref.startswith("hf-hub:") or (ref.startswith("timm:") and "@" not in ref):
        name = ref.removeprefix("timm:").partition("?")[0]
        return (
            "import timm\n\n"
            f"model = timm.create_model({name!r}, pretrained=True, num_classes={classes})\n"
        )
    try:
        loading = _state(ref) if not workspace.beside_server else _exported(model, ref)
    except WeightsError:
        loading = _state_of_probe(ref)
    return (
        "import timm\n"
        f"{loading}\n"
        f"model = timm.create_model({model.architecture!r}, num_classes={classes})\n"
        'classifier = model.default_cfg["classifier"] + "."\n'
        "state = {k: v for k, v in state.items() if not k.startswith(classifier)}\n"
        "model.load_state_dict(state, strict=False)  # the classifier stays fresh\n"
    )


def _transform(steps: Preprocessing) -> str:
    size, how = steps.input_size, steps.interpolation.upper()
    return (
        "\nfrom torchvision import transforms\n\n"
        "transform = transforms.Compose(\n"
        "    [\n"
        "        # The whole image, without a crop.\n"
        f"        transforms.Resize(({size}, {size}), transforms.InterpolationMode.{how}),\n"
        "        transforms.ToTensor(),\n"
        f"        transforms.Normalize(mean={steps.mean}, std={steps.std}),\n"
        "    ]\n"
        ")\n"
    )


def _transform_of_model() -> str:
    return (
        "\nconfig = timm.data.resolve_model_data_config(model)\n"
        "transform = timm.data.create_transform(**config, is_training=False)\n"
    )


def _state(ref: str) -> str:
    if not ref.startswith("file:"):
        return _state_of_probe(ref)
    path = str(referenced_file(ref))
    return f"from safetensors.torch import load_file\n\nstate = load_file({path!r})"


def _exported(model: ModelRecord, ref: str) -> str:
    """Return lines for whoever asks a server, on whose disk the file is not."""
    if not ref.startswith("file:"):
        return _state_of_probe(ref)
    file = f"{model.id}.safetensors"
    return (
        f"from safetensors.torch import load_file\n\n"
        f"# From the server: task2vec models export {model.name} {file}\n"
        f"state = load_file({file!r})"
    )


def _state_of_probe(ref: str) -> str:
    return (
        "from task2vec.probe.registry import load_probe\n\n"
        f"state = load_probe({ref!r}).backbone.state_dict()"
    )
