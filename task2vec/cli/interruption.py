"""An interruption that prints a hint."""


class InterruptionError(Exception):
    """Somebody interrupted the command; its arguments tell what became of what was begun.

    Typer lets it through: of a `KeyboardInterrupt` it would leave an exit code alone.
    """
