"""Bundles: written without names of files, imported as a whole and removed as a whole."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from factories import PROVENANCE, SPACE, make_embedding, make_record, replace

from task2vec.embedding.bundle_file import read_bundle
from task2vec.errors import (
    InputError,
    NameTakenError,
    SourceError,
    SpaceMismatchError,
    StateError,
    UnknownNameError,
)
from task2vec.jobs.embed import check_free, stored_already
from task2vec.messages.bundles import Bundle, BundleExport, BundleImport, ImportStatus
from task2vec.messages.models import Model
from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.settings import EmbeddingSettings
from task2vec.messages.tasks import TaskEdit, TaskListing
from task2vec.service.bundles.exporting import export_bundle
from task2vec.service.bundles.importing import import_bundle, list_bundles, remove_bundle
from task2vec.service.models.experts import checkpoint
from task2vec.service.packaged_models import default_model_id, register_packaged
from task2vec.service.tasks.subjects import reopen
from task2vec.service.tasks.tasks import edit_task, remove_task
from task2vec.service.workspace import Workspace
from task2vec.types.details import EmbeddingDetails, HeadInformation, LayerElements
from task2vec.types.image_hashes import IMAGE_HASH
from task2vec.types.names import LONGEST_NAME
from task2vec.types.scatter import ClassScatter

SECRET = "/home/somebody/photos"
LITE1 = "mdl_efficientnet_lite1"
NEW = BundleImport()


def details(features: int = 5) -> EmbeddingDetails:
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=(2, features)) for _ in range(2)]
    between, within = ((part / np.linalg.norm(part)).astype(np.float16) for part in parts)
    return EmbeddingDetails(
        layers=(LayerElements("stem", 4),),
        classes=None,
        head=HeadInformation(1.5, 8),
        scatter=ClassScatter(between, within),
    )


def fill(workspace: Workspace, *names: str) -> None:
    """Store tasks with all that may be kept beside them, and outcomes on the first."""
    store = workspace.store(create=True)
    register_packaged(store)
    for number, name in enumerate(names):
        provenance = replace(
            PROVENANCE,
            content_hash=f"{number}" * 64,
            warnings=(f"{SECRET}/broken.png cannot be read",),
        )
        rng = np.random.default_rng(number)
        embedding = make_embedding(
            rng.gamma(1.0, size=4),
            errors=rng.gamma(0.1, size=4),
            replicates=rng.gamma(1.0, size=(8, 4)),
            provenance=provenance,
        )
        record = make_record(
            name,
            provenance=provenance,
            source=SECRET,
            source_signature=f"folder:{SECRET}:settings",
            tags=("letters",),
            warnings=provenance.warnings,
        )
        hashes = np.zeros(8, dtype=IMAGE_HASH)
        store.tasks.add(record, embedding, hashes=hashes, details=details())
    store.outcomes.add_many(
        StoredOutcome(
            model=model,
            task=names[0],
            accuracy=accuracy,
            interval=(0.5, 0.9),
            protocol="fine-tuning",
            images=40,
            seed=1,
            details={"folder": SECRET},
        )
        for model, accuracy in ((default_model_id(), 0.7), (LITE1, 0.75))
    )


@pytest.fixture
def ours(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "ours")
    fill(workspace, "greek", "latin")
    return workspace


@pytest.fixture
def theirs(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "theirs")


@pytest.fixture
def file(ours: Workspace, tmp_path: Path) -> Path:
    path = tmp_path / "letters.bundle"
    export_bundle(ours, BundleExport(name="letters", licence="CC0 1.0"), path)
    return path


def exported(workspace: Workspace, path: Path, **question: object) -> Path:
    export_bundle(workspace, BundleExport(**{"name": "letters", **question}), path)
    return path


def unpacked(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def test_what_was_exported_is_imported_bit_by_bit(
    ours: Workspace, theirs: Workspace, file: Path
) -> None:
    found = import_bundle(theirs, NEW, file)

    assert (found.status, found.tasks, found.outcomes) == (ImportStatus.IMPORTED, 2, 2)
    assert found.licences == {"greek": "CC0 1.0", "latin": "CC0 1.0"}
    mine, other = ours.store().tasks, theirs.store().tasks
    for name in ("greek", "latin"):
        before, after = mine.embedding(name), other.embedding(f"letters/{name}")
        for part in ("values", "errors", "replicates"):
            np.testing.assert_array_equal(getattr(after, part), getattr(before, part))
        assert after.provenance == replace(before.provenance, warnings=())
        assert other.details(f"letters/{name}") == mine.details(name)
        record = other.get(f"letters/{name}")
        assert (record.bundle, record.tags, record.source) == ("letters", ("letters",), "import")
    told = [
        replace(each, id="", task="", created="", bundle=None, details={})
        for each in ours.store().outcomes.list()
    ]
    assert [
        replace(each, id="", task="", created="", bundle=None)
        for each in theirs.store().outcomes.list()
    ] == told


def test_no_place_is_told_and_no_image_unless_it_is_asked_for(
    ours: Workspace, theirs: Workspace, file: Path, tmp_path: Path
) -> None:
    assert b"somebody" not in unpacked(file)
    import_bundle(theirs, NEW, file)
    assert theirs.store().tasks.image_hashes("letters/greek") is None

    import_bundle(
        theirs,
        BundleImport(name="hashed"),
        exported(ours, tmp_path / "hashed", image_hashes=True),
    )
    hashes = theirs.store().tasks.image_hashes("hashed/greek")
    assert hashes is not None
    np.testing.assert_array_equal(hashes, ours.store().tasks.image_hashes("greek"))


def test_names_of_classes_can_be_left_out(ours: Workspace, file: Path, tmp_path: Path) -> None:
    assert "Hündin" in unpacked(file).decode("unicode_escape", errors="ignore")
    bare = exported(ours, tmp_path / "bare", class_names=False)
    assert "ndin" not in unpacked(bare).decode("unicode_escape", errors="ignore")
    assert read_bundle(bare).tasks[0].embedding.provenance.class_names == ("1", "2")


def test_tasks_are_chosen_by_name_or_tag(ours: Workspace, tmp_path: Path) -> None:
    chosen = read_bundle(exported(ours, tmp_path / "a", tasks=("latin",)))
    assert [task.name for task in chosen.tasks] == ["latin"]
    assert (chosen.outcomes, chosen.models) == ([], {})
    edit_task(ours, "greek", TaskEdit(tags=("old",)))
    tagged = read_bundle(exported(ours, tmp_path / "b", tag="old"))
    assert [task.name for task in tagged.tasks] == ["greek"]
    with pytest.raises(InputError, match="none with the tag 'new'"):
        exported(ours, tmp_path / "c", tag="new")


def test_each_task_has_its_own_licence(ours: Workspace, tmp_path: Path) -> None:
    path = exported(ours, tmp_path / "a", licence="CC0", licences={"latin": "MIT"})
    assert read_bundle(path).record().licences == {"greek": "CC0", "latin": "MIT"}
    with pytest.raises(UnknownNameError, match="licence for 'latim'"):
        exported(ours, tmp_path / "b", licences={"latim": "MIT"})


def test_an_import_is_done_once(theirs: Workspace, ours: Workspace, file: Path) -> None:
    import_bundle(theirs, NEW, file)
    before = theirs.store().tasks.last_change()

    again = import_bundle(theirs, BundleImport(name="other"), file)

    assert (again.status, again.name) == (ImportStatus.UNCHANGED, "letters")
    assert "keep that name" in again.warnings[0]
    assert theirs.store().tasks.last_change() == before
    # Made again at another time it is the same.
    made_again = exported(ours, file.with_name("again"), licence="CC0 1.0")
    assert import_bundle(theirs, NEW, made_again).status is ImportStatus.UNCHANGED


def imported(workspace: Workspace) -> list[Bundle]:
    return [bundle for bundle in list_bundles(workspace).bundles if not bundle.shipped]


def test_another_bundle_of_the_name_is_refused_or_replaces_it(
    ours: Workspace, theirs: Workspace, file: Path, tmp_path: Path
) -> None:
    import_bundle(theirs, NEW, file)
    newer = exported(ours, tmp_path / "newer", version="2", tasks=("latin",))

    with pytest.raises(NameTakenError, match="another bundle named 'letters'"):
        import_bundle(theirs, NEW, newer)
    assert [task.name for task in theirs.store().tasks.list()] == ["letters/greek", "letters/latin"]

    found = import_bundle(theirs, BundleImport(update=True), newer)
    assert (found.status, found.version) == (ImportStatus.REPLACED, "2")
    assert [task.name for task in theirs.store().tasks.list()] == ["letters/latin"]
    assert theirs.store().outcomes.list() == []
    assert [each.version for each in imported(theirs)] == ["2"]


def test_a_task_with_the_name_of_one_of_its_own_stops_all(theirs: Workspace, file: Path) -> None:
    fill(theirs, "letters/latin")
    with pytest.raises(NameTakenError, match="a task named 'letters/latin'"):
        import_bundle(theirs, NEW, file)
    assert imported(theirs) == []
    assert [task.name for task in theirs.store().tasks.list()] == ["letters/latin"]
    assert import_bundle(theirs, BundleImport(name="x"), file).status is ImportStatus.IMPORTED


def test_a_name_that_is_too_long_beside_that_of_a_task_stops_all(
    ours: Workspace, theirs: Workspace, tmp_path: Path
) -> None:
    long = "l" * (LONGEST_NAME - len("letters/"))
    edit_task(ours, "latin", TaskEdit(name=long))
    file = exported(ours, tmp_path / "long")
    with pytest.raises(InputError, match="too long beside that of the bundle, letterset") as found:
        import_bundle(theirs, BundleImport(name="letterset"), file)
    assert found.value.remedy == "Give the bundle a shorter name with `--name`."
    assert theirs.existing_store() is None
    import_bundle(theirs, NEW, file)
    assert theirs.store().tasks.get(f"letters/{long}").bundle == "letters"


def test_embeddings_that_fit_no_other_of_their_space_stop_all(
    theirs: Workspace, file: Path
) -> None:
    store = theirs.store(create=True)
    store.tasks.add(make_record("own"), make_embedding([1.0, 2.0]))
    assert store.tasks.get("own").space == SPACE
    with pytest.raises(SpaceMismatchError, match="does not fit its space"):
        import_bundle(theirs, NEW, file)
    assert [task.name for task in store.tasks.list()] == ["own"]


def test_outcomes_of_other_weights_are_left_out(
    theirs: Workspace, file: Path, tmp_path: Path
) -> None:
    from task2vec.embedding.bundle_file import write_bundle

    content = read_bundle(file)
    models = {**content.models, "efficientnet_lite1": "0" * 64}
    other = tmp_path / "other"
    write_bundle(replace(content, models=models), other)

    found = import_bundle(theirs, NEW, other)

    assert found.outcomes == 1
    assert "1 outcome left out" in found.warnings[0]
    assert "efficientnet_lite1" in found.warnings[0]
    assert [each.model for each in theirs.store().outcomes.list()] == [default_model_id()]


def test_what_came_with_a_bundle_changes_only_with_it(theirs: Workspace, file: Path) -> None:
    import_bundle(theirs, NEW, file)
    store = theirs.store()
    name = "letters/greek"
    for change in (
        lambda: remove_task(theirs, name, cascade=True),
        lambda: edit_task(theirs, name, TaskEdit(name="mine")),
        lambda: store.tasks.add(
            make_record(name), make_embedding([1.0, 2.0, 3.0, 4.0]), replace=True
        ),
        lambda: exported(theirs, file.with_name("theirs"), tasks=(name,)),
    ):
        with pytest.raises(StateError, match="bundle letters"):
            change()
    outcome = store.outcomes.list()[0]
    with store.transaction() as connection, pytest.raises(StateError, match="bundle letters"):
        store.outcomes.remove_within(connection, [outcome])
    assert edit_task(theirs, name, TaskEdit(tags=("mine",))).tags == ("mine",)


def test_its_tasks_are_refused_before_images_are_embedded_in_their_place(
    theirs: Workspace, file: Path
) -> None:
    import_bundle(theirs, NEW, file)
    name, settings = "letters/greek", EmbeddingSettings()
    with pytest.raises(StateError, match="bundle letters"):
        check_free(theirs, name, update=True)
    with pytest.raises(StateError, match="bundle letters"):
        stored_already(theirs, name, settings, sha256="0" * 64, update=True)
    for refused in (
        lambda: check_free(theirs, name, update=False),
        lambda: stored_already(theirs, name, settings, sha256="0" * 64, update=False),
    ):
        with pytest.raises(NameTakenError):
            refused()


def test_images_of_its_tasks_become_a_task_of_ones_own(theirs: Workspace, file: Path) -> None:
    """The command that is shown is one that is carried out."""
    import_bundle(theirs, NEW, file)
    with pytest.raises(SourceError, match="are not known here") as found:
        reopen(theirs, theirs.store().tasks.get("letters/greek"))
    assert found.value.remedy is not None
    assert "as a task of your own: `task2vec embed FOLDER`" in found.value.remedy


def test_a_bundle_goes_as_a_whole_and_leaves_the_rest(theirs: Workspace, file: Path) -> None:
    fill(theirs, "own")
    before = [theirs.store().tasks.get("own")], theirs.store().outcomes.list()
    import_bundle(theirs, NEW, file)
    assert len(theirs.store().index(SPACE)) == 3
    assert theirs.store().tasks.list(TaskListing(bundles=False)) == before[0]

    removed = remove_bundle(theirs, "letters")

    assert (removed.name, removed.tasks) == ("letters", 2)
    assert (theirs.store().tasks.list(), theirs.store().outcomes.list()) == before
    assert len(theirs.store().index(SPACE)) == 1
    assert theirs.store().damages() == []
    with pytest.raises(UnknownNameError, match="bundle list"):
        remove_bundle(theirs, "letters")


def test_what_hangs_on_its_tasks_goes_only_when_told(
    ours: Workspace, theirs: Workspace, file: Path
) -> None:
    import_bundle(theirs, NEW, file)
    store = theirs.store()
    expert = Model(
        id="",
        name="expert",
        ref="store:e",
        architecture="a",
        task="letters/greek",
        parameters=None,
        input_size=None,
        licence=None,
        created="",
    )
    weights = checkpoint(theirs, store.models.add(expert))
    assert weights is not None
    weights.write_bytes(b"weights")
    store.outcomes.add(
        StoredOutcome(model="expert", task="letters/latin", accuracy=0.5, protocol="fine-tuning")
    )
    newer = exported(ours, file.with_name("newer"), version="2")

    for change in (
        lambda: remove_bundle(theirs, "letters"),
        lambda: import_bundle(theirs, BundleImport(update=True), newer),
    ):
        with pytest.raises(StateError, match="models: 1, outcomes: 1"):
            change()
    assert weights.exists()
    remove_bundle(theirs, "letters", cascade=True)
    assert not weights.exists()
    assert "expert" not in {model.name for model in store.models.list()}
    assert (store.tasks.list(), store.outcomes.list()) == ([], [])


def test_equal_contents_made_at_one_time_are_equal_files(file: Path, tmp_path: Path) -> None:
    from task2vec.embedding.bundle_file import write_bundle

    write_bundle(read_bundle(file), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


def test_the_document_says_what_it_is(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["bundle.json", "arrays.safetensors"]
        document = json.loads(archive.read("bundle.json"))
    assert document["format"] == "task2vec bundle 1"
    assert document["sha256"] == read_bundle(file).sha256
