"""The version of task2vec, which nothing has to be imported for."""

__version__ = "0.1.0"
