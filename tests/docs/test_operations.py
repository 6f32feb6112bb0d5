"""What the operations guide names is there: settings, metrics, files, options of the scripts."""

import re
import subprocess
from dataclasses import fields

import pytest
from documents import ROOT

from task2vec.service import uploads
from task2vec.service.datasets import datasets
from task2vec.store.opening import DATABASE
from task2vec_api.settings import Settings

GUIDE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SETTINGS = {declared.name for declared in fields(Settings)}


def section(heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", GUIDE, flags=re.M | re.S)
    assert found, heading
    return found[1]


def test_every_setting_that_is_named_exists() -> None:
    rows = re.findall(r"^\| (`[^|]+) \|", section("Settings"), flags=re.M)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    named |= set(re.findall(r"^(\w+) = ", section("Settings"), flags=re.M))
    named |= {word.lower() for word in re.findall(r"TASK2VEC_SERVE_([A-Z_]+)", GUIDE)} - {""}
    assert len(named) > 10
    assert named <= SETTINGS


def test_every_metric_that_the_server_has_is_explained() -> None:
    source = (ROOT / "api" / "task2vec_api" / "metrics.py").read_text(encoding="utf-8")
    exposed = set(re.findall(r"\"(task2vec_\w+)\"", source))
    assert len(exposed) >= 8
    assert set(re.findall(r"^\| `(task2vec_\w+)`", section("Health"), flags=re.M)) == exposed


def test_the_files_of_a_store_are_called_as_the_guide_says() -> None:
    text = section("Back up the store")
    assert f"| `{DATABASE}` (and" in text
    for folder in (uploads._FOLDER, datasets._FOLDER):
        assert f"| `{folder}/` |" in text
    assert f"sqlite3 /srv/task2vec/{DATABASE}" in text


@pytest.mark.parametrize("option", ["--torch-index"])
def test_the_install_script_has_the_options_that_are_shown(option) -> None:
    script = str(ROOT / "deploy" / "install.sh")
    shown = subprocess.run(["sh", script, "--help"], capture_output=True, text=True).stdout
    assert option in section("Install")
    assert option in shown
