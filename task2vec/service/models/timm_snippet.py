"""The lines of timm code that use a recommendation."""

from contextlib import suppress

from task2vec.errors import SettingError, WeightsError
from task2vec.messages.models import Model
from task2vec.probe.card import Preprocessing
from task2vec.probe.registry import find_card, known_cards
from task2vec.probe.weight_files import referenced_file
from task2vec.service.models.experts import checkpoint, stated_by
from task2vec.service.models.zoo import loadable_ref
from task2vec.service.workspace import Workspace


def starting_code(workspace: Workspace, model: Model, classes: int) -> str:
    """Return a script that builds the model with ``classes`` outputs, ready for fine-tuning.

    Weights of the hub are named as timm names them; others are read from their safetensors file,
    with a fresh classifier. ``transform`` prepares an image as task2vec does.
    """
    ref = loadable_ref(workspace, model)
    return _model(workspace, model, ref, classes) + _preparing(workspace, model, ref)


def _preparing(workspace: Workspace, model: Model, ref: str) -> str:
    packaged = next((card for card in known_cards() if card.name == ref), None)
    if packaged is not None:
        return _transform(packaged.preprocessing)
    # A model of the hub may be out of reach now, weights missing or damaged: then timm's own words.
    with suppress(WeightsError, SettingError, KeyError, TypeError):
        if (path := checkpoint(workspace, model)) is not None:
            return _transform(Preprocessing(**stated_by(path)["preprocessing"]))
        # To look another up loads torch, which the process of a server does without.
        if not workspace.beside_server:
            return _transform(find_card(ref).preprocessing)
    return _transform_of_model(model.input_size)


def _model(workspace: Workspace, model: Model, ref: str, classes: int) -> str:
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


def _transform_of_model(size: int | None) -> str:
    squashed = f", input_size=(3, {size}, {size}), crop_pct=1.0, crop_mode='squash'" if size else ""
    return (
        "\nconfig = timm.data.resolve_model_data_config(model)\n"
        f"config = dict(config{squashed})\n"
        "transform = timm.data.create_transform(**config, is_training=False)\n"
    )


def _state(ref: str) -> str:
    if not ref.startswith("file:"):
        return _state_of_probe(ref)
    path = str(referenced_file(ref))
    return f"from safetensors.torch import load_file\n\nstate = load_file({path!r})"


def _exported(model: Model, ref: str) -> str:
    """Return lines for the client of a server, which does not have the file on its disk."""
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
