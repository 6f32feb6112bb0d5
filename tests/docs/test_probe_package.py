"""The package of probes that docs/python.md shows is one that the registry finds."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from documents import ROOT, blocks


def test_the_entry_point_gives_the_command_line_a_probe(small_tasks, tmp_path) -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    files = {block.file: block.code for block in blocks(page) if block.file}
    project = tomllib.loads(files["my_probes/pyproject.toml"])["project"]
    (tmp_path / "my_probes.py").write_text(files["my_probes/my_probes.py"])
    # What an installer writes of a pyproject.toml, without a network and another environment.
    about = tmp_path / f"my_probes-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    ((group, points),) = project["entry-points"].items()
    lines = [f"{name} = {value}" for name, value in points.items()]
    (about / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))

    def task2vec(*arguments: str) -> dict[str, object]:
        done = subprocess.run(
            [sys.executable, "-m", "task2vec", *arguments, "--json"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert "two_layers" in [probe["name"] for probe in task2vec("probes")["probes"]]
    birds = str(Path(small_tasks, "photos", "birds"))
    embedded = task2vec("embed", birds, "--probe", "two_layers", "--images", "9")
    assert (embedded["probe"], embedded["images"]) == ("two_layers", 9)
