"""`task2vec outcomes remove` of more than a server takes at once, and of what others remove too."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from command import Cli, Result

from task2vec import LocalClient, StoreBusyError
from task2vec.cli import outcome_removal
from task2vec.client import client, local

ROWS = "model,task,accuracy,protocol\n" + "".join(
    f"efficientnet_lite{n % 3},emoji_food,0.{n},p\n" for n in range(1, 6)
)


class Lots:
    """A server as far as removing goes: a store that is asked for lots, and what happens before."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.before: dict[int, Callable[[], object]] = {}
        self.store = Path()

    def client(self, *_: object) -> LocalClient:
        opened = LocalClient(self.store)
        remove = opened.outcomes.remove_many

        def remove_many(ids: list[str]) -> Any:
            self.asked.append(len(ids))
            self.before.get(len(self.asked), lambda: None)()
            return remove(ids)

        opened.outcomes.remove_many = remove_many  # type: ignore[method-assign,assignment]
        return opened


@pytest.fixture
def lots(store: Path, monkeypatch: pytest.MonkeyPatch) -> Lots:
    found = Lots()
    found.store = store
    monkeypatch.setattr(outcome_removal, "_LOT", 2)
    monkeypatch.setattr(client, "Client", found.client)
    monkeypatch.setattr(local, "LocalClient", found.client)
    return found


@pytest.fixture
def every(cli: Cli, store: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """Five outcomes."""
    (tmp_path / "o.csv").write_text(ROWS)
    added = cli("outcomes", "import", tmp_path / "o.csv", "--store", store, "--json")
    found: list[dict[str, Any]] = added.json["outcomes"]
    return found


def left(cli: Cli, store: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cli("outcomes", "list", "--store", store, "--json").json[
        "outcomes"
    ]
    return found


def remove(cli: Cli, *words: str) -> Result:
    return cli("outcomes", "remove", *words, "--url", "http://127.0.0.1:1")


def ids_of(outcomes: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in outcomes]


def test_a_server_is_asked_for_lots(
    cli: Cli, store: Path, lots: Lots, every: list[dict[str, Any]]
) -> None:
    done = remove(cli, *ids_of(every), every[0]["id"], "--json")
    assert (done.code, done.err) == (0, "")
    assert done.json == {"removed": 5, "outcomes": every}
    assert lots.asked == [2, 2, 1]
    assert left(cli, store) == []


def test_a_store_removes_all_at_once(on: Cli, lots: Lots, every: list[dict[str, Any]]) -> None:
    assert on("outcomes", "remove", "--protocol", "p").code == 0
    assert lots.asked == [5]


def test_an_unknown_id_removes_nothing_though_it_is_of_a_later_lot(
    cli: Cli, store: Path, lots: Lots, every: list[dict[str, Any]]
) -> None:
    refused = remove(cli, *ids_of(every), "out_x", "out_y")
    assert (refused.code, refused.out) == (2, "")
    assert "No outcome has the id 'out_x', nor have 1 more of those asked for." in refused.err
    assert left(cli, store) == every


@pytest.mark.parametrize("kind", [("--protocol", "p"), ()])
@pytest.mark.parametrize(
    ("fault", "lot", "code", "said"),
    [
        (
            StoreBusyError("The store is busy"),
            *(2, 2, "2 outcomes were removed, 3 are left: The store is busy."),
        ),
        (KeyboardInterrupt(), 3, 130, "Interrupted. 4 outcomes were removed, 1 is left."),
    ],
    ids=["fault", "interruption"],
)
def test_what_was_removed_before_a_fault_or_an_interruption_is_printed(
    cli: Cli,
    store: Path,
    lots: Lots,
    every: list[dict[str, Any]],
    kind: tuple[str, ...],
    fault: BaseException,
    lot: int,
    code: int,
    said: str,
) -> None:
    def fail() -> None:
        raise fault

    lots.before[lot] = fail
    done = remove(cli, *(kind or ids_of(every)), "--json")
    gone = 2 * (lot - 1)
    assert done.code == code
    assert done.json == {"removed": gone, "outcomes": every[:gone]}
    assert said in done.err
    assert "same command" not in done.err
    assert left(cli, store) == every[gone:]


@pytest.mark.parametrize("gone", [(1, 4), range(5)], ids=["some", "all"])
def test_of_a_kind_what_somebody_else_has_removed_is_no_error(
    cli: Cli, store: Path, lots: Lots, every: list[dict[str, Any]], gone: Sequence[int]
) -> None:
    def meanwhile() -> None:
        with LocalClient(store) as other:
            if len(gone) == len(every):
                other.tasks.remove("emoji_food", cascade=True)
            else:
                other.outcomes.remove_many([every[n]["id"] for n in gone])

    lots.before[1] = meanwhile
    done = remove(cli, "--task", "emoji_food", "--json")
    rest = [each for n, each in enumerate(every) if n not in gone]
    assert done.code == (0 if rest else 3)
    assert done.json == {"removed": len(rest), "outcomes": rest}
    assert f"{len(gone)} outcomes were removed meanwhile by somebody else.\n" in done.err
    assert left(cli, store) == []


def in_a_shell(store: Path, words: str) -> "subprocess.CompletedProcess[str]":
    """Run it where a shell sets where its streams lead."""
    line = f'"$0" -m task2vec outcomes remove --protocol p --store "$1" {words}'
    command = ["bash", "-c", line, sys.executable, str(store)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_nothing_is_removed_that_could_not_be_printed(
    cli: Cli, store: Path, every: list[dict[str, Any]]
) -> None:
    for where, said in ((">&-", "stdout is closed"), (">/dev/full", "No space left on device")):
        done = in_a_shell(store, f"--json {where}")
        assert done.returncode == 2
        assert said in " ".join(done.stderr.split())
        assert "half-done" not in done.stderr
        assert left(cli, store) == every
    assert in_a_shell(store, ">&-").returncode == 0
    assert left(cli, store) == []


def test_what_was_removed_and_cannot_be_printed_any_more_is_told(
    cli: Cli, store: Path, lots: Lots, every: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("/dev/full").open("w") as full, monkeypatch.context() as patch:
        lots.before[1] = lambda: patch.setattr(sys, "stdout", full)
        done = remove(cli, "--protocol", "p", "--json")
    assert done.code == 2
    assert "5 outcomes were removed and could not be printed ([Errno 28]" in done.err
    assert left(cli, store) == []
