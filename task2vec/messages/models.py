"""The zoo: starting models."""

from pydantic import ConfigDict, Field

from task2vec.messages.base import Answer, Name, NewName, Page, Question, TimeText
from task2vec.types.names import MODEL_REFERENCE


class Model(Answer):
    """A starting model; an expert was fine-tuned on ``task``."""

    id: str
    name: str
    ref: str = Field(description="Where its weights come from.")
    architecture: str
    task: str | None = Field(description="The id of the task that it is an expert of.")
    parameters: int | None = Field(
        description="As published, with ImageNet's classifier; of an expert those of the plain "
        "model that it descends from."
    )
    input_size: int | None
    licence: str | None
    created: TimeText
    sha256: str | None = Field(None, description="Of the file of its weights, of an expert.")
    start: str | None = Field(None, description="The id of the model it was fine-tuned from.")
    lineage: tuple[str, ...] = Field(
        (),
        description="The ids of the tasks that its start, and the start of that, were experts "
        "of, the last first.",
    )


class ModelPage(Page):
    """A part of the models."""

    models: tuple[Model, ...]


class NewModel(Question):
    """A starting model to register."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ref": "timm:resnet18.tv_in1k", "name": "resnet18"}]}
    )

    ref: str = Field(
        min_length=1,
        max_length=500,
        json_schema_extra={"pattern": MODEL_REFERENCE},
        description="`timm:NAME` or `hf-hub:ORG/NAME`; files of the server cannot be named.",
    )
    name: NewName | None = None
    task: Name | None = Field(None, description="The stored task that it is an expert of.")


class ModelEdit(Question):
    """What can change of a model; what is left out stays."""

    name: NewName | None = None
    licence: Name | None = None
