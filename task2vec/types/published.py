"""What can be asked of the published figures of models."""

from enum import StrEnum


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
