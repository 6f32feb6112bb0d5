"""Published figures of models, and their trade of accuracy against cost."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from task2vec.messages.base import MOST_WHOLE, Answer, Many, Page, Question


class Figure(StrEnum):
    """The test images that a published top-1 accuracy is of: ImageNet's, or a variant of them."""

    IMAGENET = "imagenet"
    REAL = "real"
    V2 = "v2"
    RENDITIONS = "r"
    ADVERSARIAL = "a"
    SKETCH = "sketch"


class Cost(StrEnum):
    """What a model takes: its parameters, multiply-adds for one image, pixels per side."""

    PARAMETERS = "parameters"
    OPERATIONS = "operations"
    INPUT_SIZE = "input_size"


class Order(StrEnum):
    """By what published models are listed: the best first, else the cheapest, or by name."""

    ACCURACY = "accuracy"
    PARAMETERS = "parameters"
    OPERATIONS = "operations"
    INPUT_SIZE = "input_size"
    NAME = "name"


class PublishedQuestion(Question):
    """Which published models are wanted; what a limit asks for and is unknown is left out."""

    max_parameters: int | None = Field(
        None,
        ge=1,
        le=MOST_WHOLE,
        description="The most allowed, ImageNet's classifier included; models without this figure "
        "are left out.",
    )
    max_operations: int | None = Field(
        None,
        ge=1,
        le=MOST_WHOLE,
        description="The most multiply-adds for one image; models without this figure are left "
        "out.",
    )
    max_input_size: int | None = Field(
        None,
        ge=1,
        le=MOST_WHOLE,
        description="The most pixels a side; models without this figure are left out.",
    )
    architecture: str | None = Field(None, max_length=200, description="`*` stands for anything.")
    licence: str | None = Field(
        None, max_length=200, description="Of the weights, as timm states it."
    )
    figure: Figure = Field(Figure.IMAGENET, description="The test images that the accuracy is of.")
    costs: Many[Cost] = Field(
        (Cost.PARAMETERS,), min_length=1, max_length=3, description="What accuracy is traded for."
    )
    pareto: bool = Field(
        True, description="Only models that no other within the limits beats in accuracy and costs."
    )
    sort: Order = Field(Order.ACCURACY, description="The best or the cheapest first, or by name.")


class PublishedFigures(Answer):
    """Top-1 accuracies as fractions, null where none is published."""

    imagenet: float | None
    real: float | None
    v2: float | None
    r: float | None
    a: float | None
    sketch: float | None


class PublishedModel(Answer):
    """A model that others have judged, with what it takes; ``ref`` registers it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "tf_efficientnet_lite0.in1k",
                    "ref": "timm:tf_efficientnet_lite0.in1k",
                    "architecture": "tf_efficientnet_lite0",
                    "is_default": True,
                    "accuracy": 0.74846,
                    "pareto": False,
                    "parameters": 4650000,
                    "operations": 400000000,
                    "input_size": 224,
                    "licence": "apache-2.0",
                    "figures": {
                        "imagenet": 0.74846,
                        "real": 0.81957,
                        "v2": 0.6265,
                        "r": 0.36033,
                        "a": 0.03053,
                        "sketch": 0.24392,
                    },
                    "expected_gain": 0.0,
                    "expected_gain_sd": 0.0,
                    "source": "https://github.com/huggingface/pytorch-image-models/tree/"
                    "aa4b5850c154/results",
                }
            ]
        }
    )

    name: str
    ref: str = Field(description="By which it is registered as a starting model.")
    architecture: str
    is_default: bool = Field(description="Whether these are the weights of the plain default.")
    accuracy: float = Field(description="The figure that was asked for.")
    pareto: bool = Field(
        description="Whether no other model within the limits is as accurate at no higher cost."
    )
    parameters: int | None
    operations: int | None = Field(description="Multiply-adds for one image.")
    input_size: int | None = Field(description="Pixels a side, at which it was judged.")
    licence: str | None = Field(description="Of the weights, as timm states it.")
    figures: PublishedFigures
    expected_gain: float | None = Field(
        description="Over the default on a task of which nothing is known, as a recommendation "
        "without evidence has it."
    )
    expected_gain_sd: float | None = Field(description="Its standard deviation.")
    source: str = Field(description="Where all figures come from, at the revision read.")


class PublishedModelPage(Page):
    """A part of the published models."""

    models: tuple[PublishedModel, ...]
