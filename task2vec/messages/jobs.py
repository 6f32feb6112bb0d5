"""Jobs: background work."""

from typing import Any

from pydantic import ConfigDict, Field

from task2vec.messages.base import (
    EITHER_TASK_OR_DATASET,
    Answer,
    Name,
    NewName,
    Page,
    Question,
    Tags,
    Time,
)
from task2vec.messages.problems import Problem
from task2vec.messages.settings import EmbeddingSettings, TuningSettings
from task2vec.messages.tasks import Task
from task2vec.types.jobs import EventKind, JobKind, JobState, Priority


class Progress(Answer):
    """How far a job is: ``done`` of ``total`` images of the present ``stage``."""

    stage: str = ""
    done: int = 0
    total: int = 0
    standard_error: float | None = Field(
        None, description="The embedding's standard error so far, where one is known yet."
    )
    seconds_left: float | None = None


class Job(Answer):
    """A piece of background work; ``result`` is there when it has succeeded."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "job_01kb2m4a9z3x5c7v",
                    "kind": "embed",
                    "state": "running",
                    "priority": "normal",
                    "attempts": 1,
                    "progress": {"stage": "fisher", "done": 112, "total": 300, "seconds_left": 4.2},
                    "result": None,
                    "error": None,
                    "quarantined": False,
                    "batch": None,
                    "name": "greek_capitals",
                    "created": "2026-11-24T17:00:00Z",
                    "started": "2026-11-24T17:00:01Z",
                    "finished": None,
                }
            ]
        }
    )

    id: str
    kind: JobKind
    state: JobState
    priority: Priority
    attempts: int = Field(
        description="How many times a worker has started it, or its present step; at most 3."
    )
    progress: Progress
    result: dict[str, Any] | None = Field(
        description="As the synchronous answer would be: a task, neighbours, a recommendation ..."
    )
    error: Problem | None = Field(description="Why it failed, or why its last try did.")
    quarantined: bool = Field(description="It failed three times and is not tried again.")
    batch: str | None
    name: str | None = Field(description="What it works on, for people.")
    created: Time
    started: Time | None
    finished: Time | None


class JobPage(Page):
    """A part of the jobs, newest first."""

    jobs: tuple[Job, ...]


class NewEmbedding(Question):
    """Embed an uploaded data set and store it as a task."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"dataset": "dst_01kb2m2k4d6f8h0j", "name": "greek_capitals", "tags": ["letters"]}
            ]
        }
    )

    dataset: Name
    name: NewName | None = Field(None, description="Default: the data set's name.")
    tags: Tags = ()
    update: bool = Field(
        False,
        description="Replace a task of this name. It keeps its tags unless new ones are given.",
    )
    class_pictures: bool = Field(
        True,
        description="Keep small pictures of its images by class: up to 4 a class, of at most 64 "
        "pixels.",
    )
    priority: Priority = Priority.NORMAL
    settings: EmbeddingSettings = Field(EmbeddingSettings())


class NewTuning(Question):
    """Fine-tune a starting model on an uploaded data set or a stored task whose images are here."""

    model_config = ConfigDict(json_schema_extra=EITHER_TASK_OR_DATASET)

    task: Name | None = Field(None, description="A stored task whose data set is still kept.")
    dataset: Name | None = Field(None, description="An uploaded data set, embedded first.")
    start: Name = Field("efficientnet_lite0", description="The starting model.")
    name: NewName | None = Field(None, description="The expert's name. Default: TASK-from-MODEL.")
    priority: Priority = Priority.NORMAL
    settings: TuningSettings = Field(TuningSettings())


class JobEvent(Answer):
    """Something that happened to a job; ``id`` rises and is the SSE event id."""

    id: int
    kind: EventKind
    job: Job


class EmbeddedTask(Task):
    """The result of an embedding: ``status`` is "unchanged" where the task was stored already."""

    status: str
