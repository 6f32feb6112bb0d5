"""Runs the command line as ``python -m task2vec``."""

from task2vec.cli import main

main()
