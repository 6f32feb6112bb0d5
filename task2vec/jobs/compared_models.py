"""The models that a comparison is between, and what the store has of them already."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import chain, count

import numpy as np
from pydantic import ValidationError

from task2vec.errors import SettingError
from task2vec.finetuning.comparison import ComparedExpert, comparison_of
from task2vec.finetuning.result import PROTOCOL
from task2vec.jobs.evaluate import learned_from
from task2vec.jobs.finetune import tuning_settings
from task2vec.messages.comparisons import Comparison, NewComparison
from task2vec.messages.models import Model
from task2vec.messages.outcomes import OutcomeFilter
from task2vec.messages.settings import TuningSettings
from task2vec.messages.tasks import StoredTask
from task2vec.service.models.experts import TunedDetails, checkpoint
from task2vec.service.models.zoo import get_model, list_models
from task2vec.service.packaged_models import default_model_id
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import check_name
from task2vec.types.tuning import Recipe


def compared_models(
    workspace: Workspace, question: NewComparison, *, task: str, files: str
) -> list[Model]:
    """Return the models to compare, the default first; ``files`` are those of the images.

    Raises `UnknownNameError` with near names, and `SettingError` where there is nothing to compare,
    or a model has learned from these very images.
    """
    found = [get_model(workspace, name) for name in (default_model_id(), *question.models)]
    models = list({model.id: model for model in found}.values())
    if len(models) == 1:
        raise SettingError(
            "There is nothing to compare",
            expected=f"at least one starting model besides the default, {models[0].name}",
            got=", ".join(question.models) or "none",
            remedy="`task2vec models list` shows all, and `task2vec recommend` those that promise "
            "most.",
        )
    for model in models:
        check_name(_expert_name(task, model))
        if files in learned_from(workspace, model):
            raise SettingError(
                f"{model.name} was fine-tuned on these images, of which some would test it",
                expected="starting models that have not seen them",
                remedy="Leave it out. To train it on, give new images to `task2vec finetune`.",
            )
    return models


def tested_experts(
    workspace: Workspace, task: StoredTask | None, settings: TuningSettings
) -> dict[str, ComparedExpert]:
    """Return the experts in the store, by their start, that a comparison would make again."""
    store = workspace.existing_store()
    if store is None or task is None:
        return {}
    kept = {model.id: (model.name, checkpoint(workspace, model)) for model in store.models.list()}
    # An expert whose file is gone is made again.
    names = {id_: name for id_, (name, path) in kept.items() if path is None or path.is_file()}
    wanted = (asdict(tuning_settings(settings)), settings.images, task.source_signature)
    tested = {}
    for outcome in store.outcomes.list(OutcomeFilter(task=task.id)):
        # What people record, and earlier versions did, has no such details.
        with suppress(ValidationError):
            details = TunedDetails.model_validate(outcome.details)
            # What earlier versions made lacks the recipe, and was made by the default one.
            made = {"recipe": Recipe.AUTO, **details.settings}
            same = (made, details.images, details.source) == wanted
            if same and details.expert in names and outcome.protocol.startswith(f"{PROTOCOL} "):
                tested[outcome.model] = compared_expert(names[details.expert], details)
    return tested


def compared_expert(name: str, details: TunedDetails) -> ComparedExpert:
    """Return what the details of a fine-tuning say of the expert of this name."""
    correct = np.array([right == "1" for right in details.correct])
    return ComparedExpert(name, correct, details.tested, details.seconds)


def free_name(workspace: Workspace, task: str, model: Model) -> str:
    """Return a name for the expert: that which `finetune` gives, or with a number behind."""
    taken = {each.name for each in list_models(workspace)}
    name = _expert_name(task, model)
    more = (f"{name}-{number}" for number in count(2))
    return next(each for each in chain([name], more) if each not in taken)


def _expert_name(task: str, model: Model) -> str:
    return f"{task}-from-{model.name}"


def answer(
    models: Sequence[Model],
    tested: Mapping[str, ComparedExpert],
    failed: Mapping[str, str],
    *,
    task: str,
) -> Comparison:
    """Return the comparison of the models by their ids, the default first."""
    names = {model.id: model.name for model in models}
    return comparison_of(
        {names[id_]: tested[id_] for id_ in names if id_ in tested},
        task=task,
        default=models[0].name,
        failed={names[id_]: why for id_, why in failed.items()},
    )
