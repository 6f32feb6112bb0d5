"""The command line."""


def main() -> None:
    """Run the command line; what the console script ``task2vec`` calls."""
    import os

    # Threads of torch that wait in a loop take the processor from whatever else runs on it. The
    # library reads this once, when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from task2vec.cli.run import run

    raise SystemExit(run())
