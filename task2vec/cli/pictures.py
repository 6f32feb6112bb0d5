"""What is known of a picture before there is one."""

from pathlib import Path

from task2vec.extras import needing_extras


def check_picture(output: Path) -> None:
    """Refuse a name or a place that cannot be drawn to before the work, not after it.

    Raises `InputError`, and `MissingExtraError` where nothing can be drawn at all.
    """
    with needing_extras("A picture"):
        from task2vec.plots.figure import check_target
    check_target(output)
