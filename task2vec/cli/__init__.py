"""The command line."""


def main() -> None:
    """Run the command line; what the console script ``task2vec`` calls."""
    import gc
    import os
    import sys

    # A name that the terminal's character set lacks is shown in escapes rather than not at all.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    # Threads of torch that wait in a loop take the processor from whatever else runs on it. The
    # library reads this once, when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Importing torch makes a million objects and hardly any garbage. Looking for that every 700
    # objects takes a tenth of a first answer.
    gc.set_threshold(50_000, 10, 10)
    try:
        from task2vec.cli.run import run
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    raise SystemExit(run())
