"""What is said of a model that is asked to classify and was never taught to."""

from task2vec.errors import InputError


def no_classes(name: str) -> InputError:
    """Return the error for a model that was never taught classes of a task."""
    return InputError(
        f"Model '{name}' has no classes of its own to choose from",
        expected="an expert, as `task2vec finetune` makes it",
        got="a plain pretrained model",
        remedy=f"Fine-tune it on labelled images first: `task2vec finetune FOLDER --from {name}`.",
    )
