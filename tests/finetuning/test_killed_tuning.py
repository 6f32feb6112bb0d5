"""A process that is killed while it fine-tunes, and another that goes on with its work."""

import json
import signal
import subprocess
from pathlib import Path

import pytest
import torch
import tuned_process
from fork_server import ForkServer
from small_network import reference_of

from task2vec.probe.weights import read_safetensors


# The 32 images of validation of the many are enough to choose by, those of the few are not.
@pytest.mark.parametrize(
    ("images", "first", "killed"), [(280, "epoch 1 ", "epoch 3 "), (60, "fold 1", "fold 3")]
)
def test_the_next_process_goes_on_and_ends_alike(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    fork_server: ForkServer,
    images: int,
    first: str,
    killed: str,
) -> None:
    def start() -> "subprocess.Popen[str]":
        # The program is killed with the process that asked for it.
        program = Path(tuned_process.__file__)
        command = fork_server.command(program, reference, str(tmp_path), str(images))
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    reference = reference_of(tmp_path)
    whole = tuned_process.fine_tune(reference, tmp_path / "whole", images=images)
    said = capsys.readouterr().out.splitlines()

    process = start()
    assert process.stdout is not None
    for line in process.stdout:
        if killed in line:
            process.send_signal(signal.SIGKILL)
            break
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "expert.safetensors").exists()
    (state,) = (tmp_path / "unfinished").glob("*.unfinished")

    output, _ = start().communicate()
    *again, answer = output.splitlines()
    found = json.loads(answer)
    # What had been done is not done again: the passes of before come in one step.
    assert sum(first in line for line in again) <= 1 < sum(first in line for line in said)
    assert len(again) < len(said)
    assert again[-1].split(";")[1] == said[-1].split(";")[1]
    assert not state.exists()
    assert found["warnings"] == list(whole.warnings)
    assert (found["epochs"], found["best_epoch"]) == (whole.epochs, whole.best_epoch)
    assert found["correct"] == [*whole.correct]
    choice = json.loads(whole.choice.model_dump_json())
    for recipe in ("linear_probe", "all_layers"):
        # Sums in another process may run in another order.
        assert found["choice"].pop(recipe) == pytest.approx(choice.pop(recipe), rel=1e-4)
    assert found["choice"] == choice
    one, _ = read_safetensors(tmp_path / "expert.safetensors")
    other, _ = read_safetensors(tmp_path / "whole" / "expert.safetensors")
    assert one.keys() == other.keys()
    for name, value in one.items():
        torch.testing.assert_close(value, other[name])
