"""The command line."""


def main() -> None:
    """Run the command line; what the console script ``task2vec`` calls."""
    from task2vec.cli.run import run

    raise SystemExit(run())
