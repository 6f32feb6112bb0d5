"""Adding, editing and removing starting models."""

import re
from collections.abc import Callable
from pathlib import PurePath
from urllib.parse import parse_qs

from task2vec.errors import RefusedAddressError, StateError, UnknownNameError
from task2vec.messages.models import Model, ModelEdit, NewModel
from task2vec.probe.card import ProbeCard
from task2vec.probe.card_subprocess import find_card_apart
from task2vec.probe.registry import find_card, known_cards
from task2vec.probe.weight_files import file_hash, referenced_file
from task2vec.service.disk import delete_though_full
from task2vec.service.models.experts import drop_checkpoints
from task2vec.service.models.zoo import as_published, get_model
from task2vec.service.packaged_models import model_of_card, packaged_models
from task2vec.service.workspace import Workspace
from task2vec.types.names import MODEL_REFERENCE
from task2vec.types.near_names import did_you_mean

_SCHEME = "[a-z-]+:"
_WEIGHTS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".onnx", ".h5")


def add_model(
    workspace: Workspace, new: NewModel, *, find: Callable[[str], ProbeCard] = find_card
) -> Model:
    """Register a starting model by its reference, as an expert of a stored ``task`` if given.

    Nothing is downloaded for ``timm:NAME``; its weights are fetched when they are first used.
    ``find`` looks up the reference.

    Raises `UnknownNameError`, `WeightsError` or `InputError` for an unusable reference,
    `NameTakenError` when the name is taken.
    """
    ref = new.ref
    card = _card(ref, find)
    digest = file_hash(referenced_file(ref)) if ref.startswith("file:") else None
    expert_of = workspace.store().tasks.get(new.task).id if new.task else None
    ref = card.weights + _query(ref) if ref.startswith("file:") else ref
    record = model_of_card(card, id_="", ref=ref, name=new.name or card.name, task=expert_of)
    added = workspace.store(create=True).models.add(record.model_copy(update={"sha256": digest}))
    return as_published([added], among=())[0]


def add_named_model(workspace: Workspace, new: NewModel) -> Model:
    """Register a starting model for somebody who must not name files of this machine.

    Raises as `task2vec.service.models.zoo.add_model`, and `RefusedAddressError` for a reference
    that is neither ``timm:NAME`` nor ``hf-hub:ORG/NAME``.
    """
    if not re.fullmatch(MODEL_REFERENCE, new.ref):
        raise RefusedAddressError(
            "This is no reference that a server takes",
            expected="timm:NAME or hf-hub:ORG/NAME",
            got=repr(new.ref[:100]),
            remedy="Packaged models are registered from the start; experts by fine-tuning.",
        )
    # timm brings torch with it, which must not be loaded beside FAISS.
    return add_model(workspace, new, find=find_card_apart)


def edit_model(
    workspace: Workspace,
    name_or_id: str,
    edit: ModelEdit,
    *,
    check: Callable[[Model], None] | None = None,
) -> Model:
    """Rename a model or state its licence; what is None stays. ``check`` may stop it.

    Raises `UnknownNameError`, `NameTakenError`, `SettingError` for an unusable name, and
    `StateError` for a packaged model, which is the same in every store.
    """
    model = get_model(workspace, name_or_id)
    if model.id in {packaged.id for packaged in packaged_models()}:
        raise StateError(
            f"{model.name} cannot be edited: it comes with an installed package",
            expected="a model that was added to this store",
        )
    counted, check = _as_counted(model, check)
    edited = workspace.store().models.edit(
        model.id, name=edit.name, licence=edit.licence, check=check
    )
    return counted(edited)


def remove_model(
    workspace: Workspace,
    name_or_id: str,
    *,
    cascade: bool = False,
    check: Callable[[Model], None] | None = None,
) -> Model:
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

    counted, check = _as_counted(model, check)

    def delete() -> Model:
        removed = workspace.store().models.remove(model.id, cascade=cascade, check=check)
        drop_checkpoints(workspace, [removed])
        return counted(removed)

    return delete_though_full(workspace.path, delete)


def _as_counted(
    shown: Model, check: Callable[[Model], None] | None
) -> tuple[Callable[[Model], Model], Callable[[Model], None] | None]:
    """Return what gives a stored record the ``parameters`` it is shown with, and a check of it."""

    def counted(stored: Model) -> Model:
        return stored.model_copy(update={"parameters": shown.parameters})

    return counted, None if check is None else lambda stored: check(counted(stored))


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


def _query(ref: str) -> str:
    _, mark, query = ref.partition("?")
    return mark + query if parse_qs(query) else ""
