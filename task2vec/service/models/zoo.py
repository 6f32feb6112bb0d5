"""The starting models: packaged ones from the start, others as they were added.

The ``parameters`` that a model is shown with are what it counts as: those that its architecture is
published with. A published count includes ImageNet's classifier, while a file counts with whatever
head it has. The same network is one size to a limit, so that an expert counts as the model that it
descends from. Stored records keep what their file holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from task2vec.data.wording import typed
from task2vec.errors import NameTakenError, StoreError, UnknownNameError
from task2vec.finetuning.card import ClassifierCard, read_classifier_card
from task2vec.messages.catalogue import Probe
from task2vec.messages.models import Model
from task2vec.messages.predictions import no_classes
from task2vec.messages.tasks import TaskListing
from task2vec.probe.registry import known_cards
from task2vec.probe.weight_files import check_hash, referenced_file
from task2vec.recommendation.published.models import by_name, published_model, published_models
from task2vec.service.models.experts import STORED, checkpoint
from task2vec.service.packaged_models import packaged_models
from task2vec.service.workspace import Part, Workspace
from task2vec.store.sql.identity import LISTED_BY, check_name
from task2vec.store.tasks.tasks import Tasks
from task2vec.types.near_names import near_names

_OWN_HEAD = ("file:", STORED)


def list_models(workspace: Workspace) -> list[Model]:
    """Return all models, the packaged ones also where there is no store yet.

    Their ``parameters`` are what they count as.
    """
    store = workspace.existing_store()
    stored = store.models.list() if store else []
    names = {model.name for model in stored}
    models = [model for model in packaged_models() if model.name not in names] + stored
    return as_published(models, among=models)


def page_of_models(workspace: Workspace, *, limit: int, after: str | None = None) -> Part[Model]:
    """Return up to ``limit`` models from behind the name ``after``."""
    models = sorted(list_models(workspace), key=lambda model: model.name)
    found = [model for model in models if after is None or model.name > after]
    return Part(found[:limit], found[limit - 1].name if len(found) > limit else None)


def check_model_name(workspace: Workspace, name: str) -> None:
    """Check the name of a model to come.

    Raises `SettingError` for a name that cannot be one, `NameTakenError` where a model has it.
    """
    check_name(name)
    known = next((model for model in list_models(workspace) if model.name == name), None)
    if known is not None:
        raise model_name_taken(known)


def model_name_taken(known: Model) -> NameTakenError:
    """Return the error for a model to come that has the name of a known one."""
    name, rename = known.name, "give the new one another name: `--name NAME`, in Python `name=`"
    if known.task is None:
        return NameTakenError(f"A model named '{name}' exists already", remedy=f"G{rename[1:]}.")
    return NameTakenError(
        f"The expert '{name}' exists already",
        remedy=f"Use it: `task2vec predict {typed(name)} IMAGES`. Or {rename}. Or remove the old "
        f"one: `task2vec models remove {typed(name)}`.",
    )


def get_model(workspace: Workspace, name_or_id: str) -> Model:
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


def loadable_ref(workspace: Workspace, model: Model) -> str:
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


def checked_ref(workspace: Workspace, model: Model) -> str:
    """Return `loadable_ref`, once the file of the weights is known to be what was registered.

    Raises `StoreError` for a checkpoint that is gone, `WeightsError` for a file that was altered.
    """
    ref = loadable_ref(workspace, model)
    if model.sha256 is not None and ref.startswith("file:"):
        check_hash(referenced_file(ref), model.sha256)
    return ref


def as_published(models: Iterable[Model], *, among: Iterable[Model]) -> list[Model]:
    """Return the models with the ``parameters`` that they count as, None where nobody knows.

    ``among`` are all that there are, where experts find their starts. Of an architecture that is
    not published the count is that of the file.
    """
    by_id = {model.id: model for model in among}
    return [model.model_copy(update={"parameters": _count(model, by_id)}) for model in models]


def _count(model: Model, by_id: Mapping[str, Model]) -> int | None:
    plain = _ancestor(model, by_id)
    if plain.parameters is not None and not plain.ref.startswith(_OWN_HEAD):
        return plain.parameters
    architecture = plain.architecture
    for card in known_cards():
        if card.architecture == architecture and card.parameters is not None:
            return card.parameters
    for published in (published_model(plain), by_name(architecture)):
        if published is not None and published.parameters is not None:
            return published.parameters
    return plain.parameters


def _ancestor(model: Model, by_id: Mapping[str, Model]) -> Model:
    """Return the first of the starts that are still there."""
    seen = set[str]()
    while model.start is not None and model.start in by_id and model.start not in seen:
        seen.add(model.start)
        model = by_id[model.start]
    return model


def expert_file(workspace: Workspace, record: Model) -> tuple[str, ClassifierCard]:
    """Return the ``file:PATH`` of an expert and what it states of its classes.

    Raises `InputError` for a model without classes, `StoreError` and `WeightsError` for a
    checkpoint that is gone or altered.
    """
    reference = checked_ref(workspace, record)
    # Weights from a package or a hub were taught the classes of somebody else's data.
    if not reference.startswith("file:"):
        raise no_classes(record.name)
    return reference, read_classifier_card(referenced_file(reference), name=record.name)


def list_probes(workspace: Workspace) -> tuple[Probe, ...]:
    """Return them in the order of their packages; no weights are loaded.

    How many filters one has is known once a task was embedded with it.
    """
    try:
        store = workspace.existing_store()
    except StoreError:
        # The state of the store is not at issue here.
        store = None
    return tuple(
        Probe.model_validate(
            {
                **asdict(card),
                # A file of this machine is nobody else's business.
                "weights": None if card.weights.startswith("file:") else card.weights,
                "input_size": card.preprocessing.input_size,
                "filters": store and _filters(store.tasks, card.name),
                "packaged": card.packaged,
            }
        )
        for card in known_cards()
    )


def _filters(tasks: Tasks, probe: str) -> int | None:
    embedded = tasks.page(TaskListing(probe=probe), limit=1)
    return tasks.elements(embedded[0].space) if embedded else None
