"""Runs the app and turns whatever happens into a message and an exit code."""

import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer

from task2vec.cli.app import app
from task2vec.cli.config import origin_of
from task2vec.cli.options import InterruptionError
from task2vec.cli.output import let_go, messages, print_labelled, stdout_is_null, stdout_left
from task2vec.cli.place import place
from task2vec.data.wording import shown
from task2vec.errors import InputError, Task2VecError
from task2vec.extras import missing_extra

#: What an option takes, by pydantic's names of the faults.
_EXPECTED = {
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_parsing": "true or false",
}

OK, SOME_FAILED, BAD_INPUT, NOTHING, INTERRUPTED = 0, 1, 2, 3, 130


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 done, 1 some items failed, 2 usage or bad input, 3 abstained or nothing found, 130
    interrupted. A person never sees a traceback unless ``TASK2VEC_DEBUG`` is set.
    """
    code = _run(arguments)
    for stream in (sys.stdout, sys.stderr):
        let_go(stream)
    return code


def _run(arguments: Sequence[str] | None) -> int:
    null_before = stdout_is_null()
    place.forget()
    try:
        code = app(args=arguments, prog_name="task2vec", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except typer.Exit as exit_:
        return exit_.exit_code
    except typer.TyperException as error:
        _show_usage(error)
        return BAD_INPUT
    except InterruptionError as interruption:
        return _interrupted(*interruption.args)
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted()
    except SystemExit as error:
        # What typer and rich make of a broken pipe. It was stdout's where rich replaced that.
        if isinstance(error.__context__, BrokenPipeError):
            replaced = stdout_is_null() and not null_before
            return OK if replaced else _refused(error.__context__)
        raise
    except Task2VecError as error:
        return _fail(error)
    except OSError as error:
        return _refused(error)
    except ModuleNotFoundError as error:
        return _fail(missing_extra(error, what="This command"))
    except Exception as error:
        return _unforeseen(error)
    # Typer returns this where it was interrupted.
    if code == INTERRUPTED:
        return _interrupted()
    return code if isinstance(code, int) else OK


def _interrupted(*notes: str) -> int:
    """Say what became of what was begun: notes know that better than we do."""
    sentences = notes or ("What was finished is kept; the same command does the rest.",)
    _say(" ".join(("Interrupted.", *sentences)))
    return INTERRUPTED


def _refused(error: OSError) -> int:
    """Tell what the system refuses, such as a path that is too long; who left hears nothing."""
    if isinstance(error, BrokenPipeError) and stdout_left():
        return OK
    return _fail(InputError("The system refuses this", got=str(error)))


def _show_usage(error: typer.TyperException) -> None:
    if not error.format_message():
        # A group without a command: typer has shown its help already.
        return
    context: typer.Context | None = getattr(error, "ctx", None)
    if context is not None:
        hint = f"{context.get_usage()}\nTry '{context.command_path} --help' for help."
        messages().print(hint)
    option = getattr(error, "param", None)
    origin = None if context is None or option is None else origin_of(context, option)
    _say(_usage_fault(error) + (f" (from {origin})" if origin else ""))


def _usage_fault(error: typer.TyperException) -> str:
    # What typer says of an unusable value is in the words of the library that it checks with.
    said, fault = _asking_back(error.format_message()), _fault(error.__cause__)
    if fault is None:
        return said.replace("Value error, ", "")
    # Not before there is need of it: it loads pydantic.
    from task2vec.client.questions import in_our_words

    expected = _EXPECTED.get(fault["type"]) or in_our_words(fault["msg"])
    got = "" if fault["type"] == "value_error" else f", got '{shown(str(fault['input']))}'"
    wanted = expected if fault["type"] == "value_error" else f"expected {expected}"
    return said.replace(fault["msg"], f"{wanted}{got}")


def _asking_back(said: str) -> str:
    """Return typer's message with the options that are near, asked as all other names are."""
    return re.sub(r"(\S+) \(Possible options: (.+)\)$", r"\1. Did you mean \2?", said)


def _fault(cause: BaseException | None) -> Any:
    """Return what pydantic found, where it was that."""
    errors = getattr(cause, "errors", None)
    return next(iter(errors(include_url=False)), None) if callable(errors) else None


def _fail(error: Exception) -> int:
    if os.environ.get("TASK2VEC_DEBUG"):
        messages().print("".join(traceback.format_exception(error)), end="")
    _say(str(error))
    return BAD_INPUT


def _unforeseen(error: Exception) -> int:
    if os.environ.get("TASK2VEC_DEBUG"):
        messages().print("".join(traceback.format_exception(error)), end="")
    else:
        _say(
            f"Something went wrong that task2vec did not foresee: {type(error).__name__}: {error}. "
            "Nothing half-done was stored. Run it again with TASK2VEC_DEBUG=1 and report what it "
            "prints."
        )
    return SOME_FAILED


def _say(message: str) -> None:
    print_labelled("Error:", message, style="bold red")
