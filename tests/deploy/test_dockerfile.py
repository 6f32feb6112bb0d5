"""The Dockerfile: linted, and checked for what it promises, since no engine may be at hand."""

import fnmatch
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from deployment import DOCKERFILE, ROOT, instructions

TEXT = DOCKERFILE.read_text(encoding="utf-8")
HADOLINT = Path(sys.executable).with_name("hadolint")


def stages() -> list[list[tuple[str, str]]]:
    """Return the instructions of each stage, those before the first one left out."""
    found: list[list[tuple[str, str]]] = []
    for keyword, rest in instructions(TEXT):
        if keyword == "FROM":
            found.append([])
        if found:
            found[-1].append((keyword, rest))
    return found


def of(stage: list[tuple[str, str]], keyword: str) -> list[str]:
    return [rest for found, rest in stage if found == keyword]


def lint(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HADOLINT, "-"], input=text, capture_output=True, text=True)


def test_the_linter_finds_nothing() -> None:
    done = lint(TEXT)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_linter_would_find_something() -> None:
    done = lint(TEXT.replace("USER 10001", "USER root\nMAINTAINER nobody"))
    assert done.returncode == 1
    assert "DL3002" in done.stdout


def test_the_image_has_no_build_tools_and_runs_as_nobody_special() -> None:
    build, final = stages()
    assert of(build, "FROM")[0].endswith(" AS build")
    # Nothing of the source or of pip's cache: only what was installed.
    assert {rest.split()[-1] for rest in of(final, "COPY")} == {"/opt/task2vec", "/opt/weights"}
    assert all(rest.startswith("--from=build ") for rest in of(final, "COPY"))
    (user,) = of(final, "USER")
    assert int(user.partition(":")[0]) >= 1000
    after = final[final.index(("USER", user)) :]
    assert {"ENTRYPOINT", "CMD"} <= {keyword for keyword, _ in after}


def test_it_serves_and_says_whether_it_lives() -> None:
    _, final = stages()
    assert of(final, "ENTRYPOINT") == ['["task2vec"]']
    (command,) = of(final, "CMD")
    assert command.startswith('["serve"')
    (port,) = of(final, "EXPOSE")
    (check,) = of(final, "HEALTHCHECK")
    assert f"http://127.0.0.1:{port}/livez" in check


def test_torch_is_for_the_cpu_unless_a_build_argument_says_otherwise() -> None:
    build, _ = stages()
    assert of(build, "ARG") == ["TORCH=cpu"]
    (run,) = of(build, "RUN")
    assert "--torch-index" in run
    assert run.rstrip('"').endswith("/${TORCH}")


def test_it_installs_by_the_script_that_is_tested_here() -> None:
    build, _ = stages()
    (run,) = of(build, "RUN")
    words = shlex.split(run)
    assert words[words.index("sh") :][:3] == ["sh", "deploy/install.sh", "/opt/task2vec"]
    assert "pip install" not in TEXT


def test_no_secret_is_baked_in() -> None:
    given = [rest for keyword, rest in instructions(TEXT) if keyword in ("ENV", "ARG")]
    assert given
    assert not re.search(r"key|secret|token|password", " ".join(given), flags=re.I)


def test_what_is_copied_exists_and_is_let_in() -> None:
    build, _ = stages()
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert next(line for line in ignore if line and not line.startswith("#")) == "*"
    allowed = [line[1:] for line in ignore if line.startswith("!")]
    sources = [part for rest in of(build, "COPY") for part in rest.split()[:-1]]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(fnmatch.fnmatch(source, pattern) for pattern in allowed), source
    # And nothing else: a store or a key that lies about must not slip in.
    assert set(allowed) == set(sources)


@pytest.mark.parametrize("name", ["pyproject.toml", "README.md", "LICENSE"])
def test_the_build_gets_what_the_wheel_is_built_from(name) -> None:
    build, _ = stages()
    assert any(name in rest.split() for rest in of(build, "COPY"))
