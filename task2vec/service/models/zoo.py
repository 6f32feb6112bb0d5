"""The starting models: packaged ones from the start, others as they are added."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from urllib.parse import parse_qs

from task2vec.data.wording import typed
from task2vec.errors import NameTakenError, StateError, StoreError, UnknownNameError
from task2vec.probe.card import ProbeCard
from task2vec.probe.registry import find_card, known_cards
from task2vec.probe.weight_files import check_hash, file_hash, referenced_file
from task2vec.recommend.published.models import published_models
from task2vec.service.disk import delete_though_full
from task2vec.service.models.experts import checkpoint
from task2vec.service.models.model_sizes import as_published
from task2vec.service.packaged_models import model_of_card, packaged_models
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import LISTED_BY, check_name
from task2vec.types import ModelRecord, TaskRecord
from task2vec.types.near_names import did_you_mean, near_names

_SCHEME = "[a-z-]+:"
_WEIGHTS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".onnx", ".h5")


def list_models(workspace: Workspace) -> list[ModelRecord]:
    """Return all models, the packaged ones also where there is no store yet.

    Their ``parameters`` are what they count as: see `task2vec.service.models.model_sizes`.
    """
    store = workspace.existing_store()
    stored = store.models.list() if store else []
    names = {model.name for model in stored}
    models = [model for model in packaged_models() if model.name not in names] + stored
    return as_published(models, among=models)


def check_model_name(workspace: Workspace, name: str) -> None:
    """Check the name of a model to come.

    Raises `SettingError` for a name that cannot be one, `NameTakenError` where a model has it.
    """
    check_name(name)
    known = next((model for model in list_models(workspace) if model.name == name), None)
    if known is None:
        return
    rename = "give the new one another name: `--name NAME`, in Python `name=`"
    if known.task is None:
        raise NameTakenError(f"A model named '{name}' exists already", remedy=f"G{rename[1:]}.")
    raise NameTakenError(
        f"The expert '{name}' exists already",
        remedy=f"Use it: `task2vec predict {typed(name)} IMAGES`. Or {rename}. Or remove the old "
        f"one: `task2vec models remove {typed(name)}`.",
    )


def get_model(workspace: Workspace, name_or_id: str) -> ModelRecord:
    """Return one model; raises `UnknownNameError` with close matches."""
    models = list_models(workspace)
    for model in models:
        if name_or_id in (model.name, model.id):
            return model
    try:
        found = workspace.store().models.get(name_or_id)
    except UnknownNameError as error:
        # People name models of timm that were not added yet.
        near = near_names(name_or_id, sorted({m.architecture for m in published_models().values()}))
        if not near or near_names(name_or_id, [model.name for model in models]):
            raise
        raise UnknownNameError(
            error.problem,
            remedy=f"Add a model of timm first: `task2vec models add timm:{near[0]}`. "
            f"{LISTED_BY['model']}",
        ) from error
    return as_published([found], among=models)[0]


def add_model(
    workspace: Workspace,
    ref: str,
    *,
    name: str | None = None,
    task: str | None = None,
    find: Callable[[str], ProbeCard] = find_card,
) -> ModelRecord:
    """Register a starting model by its reference, as an expert of a stored ``task`` if given.

    Nothing is downloaded for ``timm:NAME``; its weights are fetched when they are first used.
    ``find`` looks up the reference.

    Raises `UnknownNameError`, `WeightsError` or `InputError` for an unusable reference,
    `NameTakenError` when the name is taken.
    """
    card = _card(ref, find)
    digest = file_hash(referenced_file(ref)) if ref.startswith("file:") else None
    expert_of = workspace.store().tasks.get(task).id if task else None
    ref = card.weights + _query(ref) if ref.startswith("file:") else ref
    record = model_of_card(card, id_="", ref=ref, name=name or card.name, task=expert_of)
    added = workspace.store(create=True).models.add(replace(record, sha256=digest))
    return as_published([added], among=())[0]


def _card(ref: str, find: Callable[[str], ProbeCard]) -> ProbeCard:
    try:
        return find(ref)
    except UnknownNameError as error:
        if re.match(_SCHEME, ref):
            raise
        # A path without its scheme, or timm's name without it: both are easily taken for enough.
        is_path = "/" in ref or ref.lower().endswith(_WEIGHTS)
        known = [card.name for card in known_cards()]
        raise UnknownNameError(
            "This names no starting model",
            expected="timm:NAME, hf-hub:ORG/NAME or file:PATH.safetensors?arch=NAME",
            got=f"the path {ref}" if is_path else ref,
            remedy=(
                "Save the weights with `safetensors.torch.save_file(network.state_dict(), PATH)`, "
                "unless they are a .safetensors file. Then: "
                "`task2vec models add "
                f"'file:{PurePath(ref).with_suffix('.safetensors')}?arch=NAME'`."
                if is_path
                else did_you_mean(ref, known) or "Names of timm: `task2vec models published`."
            ),
        ) from error


def loadable_ref(workspace: Workspace, model: ModelRecord) -> str:
    """Return the reference by which the probe registry loads a model.

    Raises `StoreError` when an expert's file is no longer in the store.
    """
    path = checkpoint(workspace, model)
    if path is None:
        return model.ref
    if not path.is_file():
        raise StoreError(
            f"The checkpoint of {model.name} is gone",
            expected=str(path),
            got="no such file",
            remedy=f"Restore the file, or remove the model: `task2vec models remove {model.name}`.",
        )
    # A reference ends its path at a question mark.
    return "file:" + str(path).replace("%", "%25").replace("?", "%3F")


def checked_ref(workspace: Workspace, model: ModelRecord) -> str:
    """Return `loadable_ref`, once the file of the weights is known to be what was registered.

    Raises `StoreError` for a checkpoint that is gone, `WeightsError` for a file that was altered.
    """
    ref = loadable_ref(workspace, model)
    if model.sha256 is not None and ref.startswith("file:"):
        check_hash(referenced_file(ref), model.sha256)
    return ref


def _query(ref: str) -> str:
    _, mark, query = ref.partition("?")
    return mark + query if parse_qs(query) else ""


def expert_names(workspace: Workspace) -> dict[str, str]:
    """Return the names of stored tasks by id."""
    store = workspace.existing_store()
    return {task.id: task.name for task in store.tasks.list()} if store else {}


def remove_model(
    workspace: Workspace,
    name_or_id: str,
    *,
    cascade: bool = False,
    check: Callable[[ModelRecord], None] | None = None,
) -> ModelRecord:
    """Remove a model, then its checkpoint if the store holds it.

    ``check`` may stop it, having seen the record. Raises `UnknownNameError`, and `StateError` when
    outcomes hang on it without ``cascade``, or for a packaged model, which would come back.
    """
    model = get_model(workspace, name_or_id)
    if model.id in {packaged.id for packaged in packaged_models()}:
        raise StateError(
            f"{model.name} cannot be removed: it comes with an installed package",
            remedy="Leave it out of answers with limits such as that on the architecture.",
        )

    def delete() -> ModelRecord:
        removed = workspace.store().models.remove(
            model.id, cascade=cascade, check=check_as_shown(model, check)
        )
        _drop_checkpoints(workspace, [removed])
        return removed

    removed = delete_though_full(workspace.path, delete)
    return replace(removed, parameters=model.parameters)


def check_as_shown(
    model: ModelRecord, check: Callable[[ModelRecord], None] | None
) -> Callable[[ModelRecord], None] | None:
    """Return a check of the stored record of ``model`` that sees it as it is shown."""
    if check is None:
        return None
    return lambda stored: check(replace(stored, parameters=model.parameters))


def remove_task(
    workspace: Workspace,
    name_or_id: str,
    *,
    cascade: bool = False,
    check: Callable[[TaskRecord], None] | None = None,
) -> TaskRecord:
    """Remove a task; with ``cascade`` its experts, their checkpoints and all outcomes go too.

    ``check`` may stop it, having seen the record. Raises `UnknownNameError`, and `StateError` when
    something hangs on it without ``cascade``.
    """
    store = workspace.store()
    task = store.tasks.get(name_or_id)
    experts = [model for model in store.models.list() if model.task == task.id]

    def delete() -> TaskRecord:
        removed = store.tasks.remove(task.id, cascade=cascade, check=check)
        _drop_checkpoints(workspace, experts)
        return removed

    return delete_though_full(workspace.path, delete)


def _drop_checkpoints(workspace: Workspace, models: list[ModelRecord]) -> None:
    for model in models:
        path = checkpoint(workspace, model)
        if path is not None:
            path.unlink(missing_ok=True)
