"""What may count beside tasks that share images with the target: models, and outcomes of them."""

from collections.abc import Sequence

from factories import make_model, replace

from task2vec.messages.models import Model
from task2vec.messages.outcomes import StoredOutcome
from task2vec.service.tasks.shared_images import SharedTasks


def model(name: str, *, of: str | None = None, lineage: Sequence[str] = ()) -> Model:
    """An expert of a task, or a plain model; the tasks of its starts in ``lineage``."""
    known = make_model(name, id=f"mdl-{name}", ref=f"x:{name}", task=of)
    return replace(known, lineage=tuple(lineage))


PLAIN = model("plain")
COPYS = model("of the copy", of="copy")
GRANDCHILD = model("from the copy's", of="other", lineage=("between", "copy"))
OWN = model("of the target", of="target")
FROM_OWN = model("from the target's", of="other", lineage=("target",))
BOTH = model("of the copy, from the target's", of="copy", lineage=("target",))
OTHER = model("of another", of="other", lineage=("between",))
EVERYTHING = [PLAIN, COPYS, GRANDCHILD, OWN, FROM_OWN, BOTH, OTHER]
SHARED = SharedTasks(excluded=frozenset({"copy"}), own="target")


def test_no_model_counts_that_has_seen_an_excluded_task_or_started_from_the_targets_expert():
    assert SHARED.models(EVERYTHING) == [PLAIN, OWN, OTHER]


def test_a_target_that_is_not_stored_has_no_experts_to_descend_from():
    assert SharedTasks().models(EVERYTHING) == EVERYTHING
    assert SharedTasks().descended(EVERYTHING) == []


def test_only_those_that_descend_are_told_of_as_such():
    # The experts of the copy itself go with their task, which has a warning of its own.
    (told,) = SHARED.descended(EVERYTHING)
    assert "from the copy's" in told
    assert "from the target's" in told
    assert "of the copy" not in told
    assert SHARED.descended([PLAIN, COPYS, OTHER]) == []


def test_outcomes_on_an_excluded_task_or_of_a_model_that_does_not_count_are_left_out():
    def outcome(of: Model, task: str) -> StoredOutcome:
        return StoredOutcome(model=of.id, task=task, accuracy=0.8, protocol="p", images=100)

    kept = [outcome(PLAIN, "other"), outcome(OTHER, "other"), outcome(PLAIN, "target")]
    lost = [outcome(PLAIN, "copy"), outcome(COPYS, "other"), outcome(GRANDCHILD, "other")]
    gone = StoredOutcome(
        id="", model="mdl-removed", task="other", accuracy=0.8, protocol="p", images=100
    )
    assert SHARED.outcomes([*lost, *kept, gone], EVERYTHING) == kept
