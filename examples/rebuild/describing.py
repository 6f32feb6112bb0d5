"""Write what a program (``tasks.toml``) and a reader (``README.md``) should know of the tasks."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from examples.rebuild.drawing import ExampleTask
from examples.rebuild.writing import Built

BEGIN, END = "<!-- tasks: begin -->", "<!-- tasks: end -->"
HEADER = "| task | family | classes | images | source | what was done | licence | attribution |"


def _toml(value: object) -> str:
    """Write a string, a number or a list of strings; JSON's notation of these is TOML's too."""
    return json.dumps(value, ensure_ascii=False)


def _entry(built: Built) -> str:
    task = built.task
    heading = f"held_back.{task.name}.{task.split}" if task.split else f"tasks.{task.name}"
    values = {
        "folder": task.folder.as_posix(),
        "family": task.family,
        "classes": len(built.counts),
        "images": sum(built.counts.values()),
        "packages": [f"{package.name} {package.version}" for package in task.packages],
        "licence": task.licence,
        "attribution": task.attribution,
        "notice": f"licences/{task.notice}",
    }
    return "\n".join(
        [f"[{heading}]", *(f"{key} = {_toml(value)}" for key, value in values.items())]
    )


def _source(task: ExampleTask) -> str:
    """Name the packages in a cell of the table, or count them where they are many."""
    if len(task.packages) > 2:
        return f"{len(task.packages)} packages of fonts, [listed](licences/{task.notice})"
    return ", ".join(f"[{p.name}]({p.page}) {p.version}" for p in task.packages)


def _row(built: Built) -> str:
    task = built.task
    cells = (
        f"[{task.name}{' (' + task.split + ')' if task.split else ''}]({task.folder.as_posix()})",
        task.family,
        str(len(built.counts)),
        str(sum(built.counts.values())),
        _source(task),
        task.done,
        f"[{task.licence}](licences/{task.notice})",
        task.attribution,
    )
    return f"| {' | '.join(cells)} |"


def _table(rows: Iterable[str]) -> str:
    return "\n".join([HEADER, "|---" * HEADER.count(" | ") + "|---|", *rows])


def write_descriptions(out: Path, built: Sequence[Built]) -> None:
    """Write ``tasks.toml``, and the table between the marks of ``README.md`` if there is one."""
    top = "# Written by `python -m examples.rebuild`: the example tasks and their families.\n"
    entries = "\n\n".join(_entry(task) for task in built)
    (out / "tasks.toml").write_text(f"{top}\n{entries}\n", encoding="utf-8")
    readme = out / "README.md"
    if readme.exists():
        text = readme.read_text("utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        table = _table(_row(task) for task in built)
        readme.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
