"""Which published model a starting model of the zoo is."""

from task2vec.recommend.published.models import PublishedModel, published_models
from task2vec.types import ModelRecord

#: The shipped probes by their own names. The packaged weights of the EfficientNet-Lites were
#: converted from the checkpoints that timm's ``tf_`` models come from.
SHIPPED = {
    "efficientnet_lite0": "tf_efficientnet_lite0.in1k",
    "efficientnet_lite1": "tf_efficientnet_lite1.in1k",
    "efficientnet_lite2": "tf_efficientnet_lite2.in1k",
    "resnet18": "resnet18.tv_in1k",
    "resnet34": "resnet34.tv_in1k",
}
#: Gains are measured against this one.
DEFAULT = SHIPPED["efficientnet_lite0"]


def published_model(record: ModelRecord) -> PublishedModel | None:
    """Return the published figures of a starting model, None where there are none.

    Known are ``timm:NAME`` and ``hf-hub:timm/NAME``, with or without a revision, and the shipped
    probes; a name without a tag stands for the weights that timm loads for it. An expert is not
    the model it was fine-tuned from, and a file may hold any weights: neither has figures.
    """
    if record.task is not None:
        return None
    reference = record.ref.partition("?")[0].partition("@")[0]
    for scheme in ("timm:", "hf-hub:timm/"):
        if reference.startswith(scheme):
            return by_name(reference.removeprefix(scheme))
    shipped = SHIPPED.get(reference.removeprefix("probe:"))
    return by_name(shipped) if shipped else None


def by_name(name: str) -> PublishedModel | None:
    """Return a model by timm's name; one without a tag stands for the weights that timm loads."""
    models = published_models()
    if "." in name:
        return models.get(name)
    of_architecture = (m for m in models.values() if m.default and m.architecture == name)
    return next(of_architecture, None)
