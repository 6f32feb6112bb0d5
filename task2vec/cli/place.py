"""The store or server that a command was given, for the commands that it prints."""

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from task2vec.data.paths import default_store
from task2vec.data.wording import URL_EXPLAINED, URL_OPTION, typed

_QUOTED = re.compile(r"`(task2vec [^`\n]+)`")


class Place:
    """The store or server of the running command.

    It outlives the command's context: errors are printed after that has ended.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin a command line."""
        self._root: Any = None
        self._store = Path(default_store())
        self._url: str | None = None

    def set_root(self, command: Any) -> None:
        """Take the command tree, which knows the options of each command."""
        self._root = command

    def set_store(self, store: Path) -> Path:
        """Take the value of ``--store``, and return it."""
        self._store = store
        return store

    def set_url(self, url: str | None) -> str | None:
        """Take the value of ``--url``, and return it."""
        self._url = url
        return url

    def options(self) -> list[str]:
        """Return the options that name this store or server; [] where the environment does."""
        if self._url:
            return [] if os.environ.get("TASK2VEC_URL") == self._url else ["--url", self._url]
        usual = default_store()
        return [] if str(self._store) == usual else ["--store", str(self._store)]

    def completed(self, text: str) -> str:
        """Return a message whose quoted commands work on the same store or server as this one."""
        options = self.options()
        if self._url:
            text = text.replace(URL_EXPLAINED, "")
        return _QUOTED.sub(lambda quoted: f"`{self._command(quoted[1], options)}`", text)

    def _command(self, line: str, options: Sequence[str]) -> str:
        taken = self._options_of(line)
        if self._url and URL_OPTION in line:
            line = line.replace(URL_OPTION, "")
        given = re.search(r" --(store|url)\b", line)
        if given or not options or options[0] not in taken:
            return line
        return " ".join((line, *map(typed, options)))

    def _options_of(self, line: str) -> set[str]:
        """Return the options that a command takes; none for an unknown one."""
        command = self._root
        try:
            words = shlex.split(line)[1:]
        except ValueError:
            words = line.split()[1:]
        while words and hasattr(command, "commands"):
            command = command.commands.get(words.pop(0))
        params = () if hasattr(command, "commands") else getattr(command, "params", ())
        return {option for param in params for option in param.opts}


place = Place()
