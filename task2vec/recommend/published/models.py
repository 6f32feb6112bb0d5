"""Published figures of pretrained models: `PublishedModel`, by timm's names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from task2vec.recommend.published.tables import packaged, read_rows

_TOP1 = {
    "imagenet": "top1_imagenet",
    "real": "top1_real",
    "v2": "top1_v2",
    "r": "top1_r",
    "a": "top1_a",
    "sketch": "top1_sketch",
}
_COLUMNS = (
    *("model", "default", "input_size", "parameters_million", "operations_billion", "licence"),
    *_TOP1.values(),
)


@dataclass(frozen=True)
class PublishedModel:
    """A model of timm with its published figures, None where none is published.

    ``name`` is timm's, ``ARCHITECTURE.TAG``; ``default`` whether these are the weights that timm
    loads for the architecture alone. ``input_size`` is the pixels a side that it was judged at,
    ``parameters`` their number, rounded to 10,000, ``operations`` the multiply-adds for one image
    of that size, rounded to 10 million, and ``licence`` what timm states of the weights. The others
    are top-1 accuracies as fractions: on ImageNet's validation images, on these with the labels of
    ReaL, and on ImageNet-V2, -R (renditions), -A (adversarially chosen photographs) and -Sketch.
    """

    name: str
    default: bool
    input_size: int | None
    parameters: int | None
    operations: int | None
    licence: str | None
    imagenet: float | None
    real: float | None
    v2: float | None
    r: float | None
    a: float | None
    sketch: float | None

    @property
    def architecture(self) -> str:
        """The name without the tag of the weights."""
        return self.name.partition(".")[0]


@cache
def published_models() -> Mapping[str, PublishedModel]:
    """Return all models with published figures, by name."""
    return read_models(packaged("models.csv"))


def read_models(text: str) -> Mapping[str, PublishedModel]:
    """Return the models in the text of a table.

    Raises `InputError` for a damaged one: a name twice, two defaults of an architecture, a figure
    that cannot be.
    """
    found: dict[str, PublishedModel] = {}
    defaults: set[str] = set()
    for row in read_rows(text, table="models.csv", columns=_COLUMNS):
        size = row.number_if_any("input_size", above=0, most=4096)
        if size is not None and not size.is_integer():
            raise row.damaged("input_size", "a whole number of pixels")
        millions = row.number_if_any("parameters_million", above=0, most=1e6)
        billions = row.number_if_any("operations_billion", above=0, most=1e6)
        figures = {name: row.number_if_any(c, above=0, most=100) for name, c in _TOP1.items()}
        if row.text("default") not in ("yes", "no"):
            raise row.damaged("default", "yes or no")
        model = PublishedModel(
            name=row.text("model"),
            default=row.text("default") == "yes",
            input_size=None if size is None else int(size),
            parameters=None if millions is None else round(millions * 1e6),
            operations=None if billions is None else round(billions * 1e9),
            licence=row.text_if_any("licence"),
            # Five digits were published; the rounding takes back what the division adds.
            **{name: None if f is None else round(f / 100, 7) for name, f in figures.items()},
        )
        if model.name in found:
            raise row.damaged("model", "one row per model")
        if model.default and model.architecture in defaults:
            raise row.damaged("default", f"one default of {model.architecture}")
        if model.default:
            defaults.add(model.architecture)
        found[model.name] = model
    return found
