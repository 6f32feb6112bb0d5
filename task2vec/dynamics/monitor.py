"""Watching the information in a network's weights from any training loop."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor, nn

from task2vec.atomic_file import atomic_file, writable
from task2vec.dynamics.trace import Forward, Monitored, TraceSettings, unwrapped
from task2vec.errors import InputError, SettingError
from task2vec.messages.dynamics import Measurement

__all__ = ["InformationMonitor", "Measurement", "TraceSettings"]

#: The most of the time of training that measurements take unless ``every`` says when they are due.
SHARE = 0.1
_FORMATS = (".jsonl", ".csv")


class InformationMonitor:
    """Measures the Fisher information of a network, its loss and accuracy, while it is trained.

        monitor = task2vec.InformationMonitor(model, images, labels)
        for batch in loader:
            ...                                  # your step of training
            monitor.step()
        monitor.save("information.csv")

    ``model`` is any PyTorch network that returns logits (N, C); ``images`` (N, ...) are inputs as
    it takes them, ``labels`` their classes, (N,), or (N, C) of 0 and 1. Some 100 images will do;
    those of the training set tell what the network keeps of them. ``every`` is the number of steps
    between measurements. Without it, one is made at the first step, and further ones as often as
    leaves their time below a tenth of the training's.

    Training goes on as if nobody had looked: gradients, random numbers, batch statistics, modes of
    layers and the weights stay as they are. Weights that are not trained (``requires_grad=False``)
    do not count. In a distributed run the process of rank 0 measures; the others' `step` returns
    None. ``path``, a .csv or .jsonl file, is written anew after each measurement.

    Raises `SettingError` for images, labels or settings that do not fit, `InputError` for a path
    with another suffix.
    """

    def __init__(
        self,
        model: nn.Module,
        images: Tensor,
        labels: Tensor,
        *,
        every: int | None = None,
        settings: TraceSettings | None = None,
        forward: Forward | None = None,
        path: str | Path | None = None,
    ) -> None:
        if every is not None and every < 1:
            raise SettingError(
                "The measurements are too close together",
                expected="every 1 or more",
                got=str(every),
            )
        self._model = unwrapped(model)
        self._monitored = Monitored(
            images, labels, settings=settings or TraceSettings(), forward=forward
        )
        self._every = every
        self._path = None if path is None else _checked(Path(path))
        self._steps = 0
        self._began: float | None = None
        self._spent = 0.0
        self.measurements: list[Measurement] = []

    def step(self, *, epoch: float | None = None) -> Measurement | None:
        """Count a step of training; measure where it is time to, and return what was measured.

        ``epoch`` is noted with the measurement. Raises as `measure` does.
        """
        self._steps += 1
        return self.measure(epoch=epoch) if self._due() else None

    def measure(self, *, epoch: float | None = None) -> Measurement | None:
        """Measure now, whatever was measured before; None in a process that is not of rank 0.

        Raises `SettingError` where the network does not return logits that fit the labels, has no
        weights that are trained, or yields numbers that are not finite; `InputError` where ``path``
        cannot be written.
        """
        if _rank() != 0:
            return None
        started = perf_counter()
        self._began = started if self._began is None else self._began
        seen = self._monitored.look(self._model)
        cost = perf_counter() - started
        measurement = Measurement(
            step=self._steps,
            epoch=epoch,
            seconds=started - self._began,
            cost=cost,
            loss=seen.loss,
            accuracy=seen.accuracy,
            trace=seen.trace.total,
            trace_error=seen.trace.error,
            layers=seen.trace.layers,
        )
        self.measurements.append(measurement)
        if self._path is not None:
            self.save(self._path)
        self._spent += perf_counter() - started
        return measurement

    def save(self, path: str | Path) -> None:
        """Write all measurements to a .csv or .jsonl file, whole or not at all.

        A row of the table has a column for each layer, ``trace of NAME``. Raises `InputError` for
        another suffix and a place that cannot be written.
        """
        target = _checked(Path(path))
        text = _table(self.measurements) if target.suffix == ".csv" else _lines(self.measurements)
        remedy = "Name a folder that exists and that you may write to."
        with writable("The measurements", target, remedy=remedy), atomic_file(target) as partial:
            partial.write_text(text, encoding="utf-8")

    def _due(self) -> bool:
        if self._every is not None:
            return self._steps % self._every == 0 or not self.measurements
        if self._began is None or not self.measurements:
            return True
        # The time that the training itself took so far, and what one more measurement would add.
        own = perf_counter() - self._began - self._spent
        return self._spent + self.measurements[-1].cost <= SHARE * own


def _lines(measurements: Sequence[Measurement]) -> str:
    return "".join(f"{each.model_dump_json()}\n" for each in measurements)


def _table(measurements: Sequence[Measurement]) -> str:
    plain = [name for name in Measurement.model_fields if name != "layers"]
    # In order of appearance: layers may be set free, or frozen, on the way.
    layers = list(dict.fromkeys(layer.name for each in measurements for layer in each.layers))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*plain, *(f"trace of {name}" for name in layers)])
    for each in measurements:
        by_name = {layer.name: layer.trace for layer in each.layers}
        writer.writerow(
            [*(getattr(each, name) for name in plain), *(by_name.get(name) for name in layers)]
        )
    return text.getvalue()


def _checked(path: Path) -> Path:
    if path.suffix not in _FORMATS:
        raise InputError(
            f"The measurements cannot be written to {path}",
            expected="a name that ends in " + " or ".join(_FORMATS),
            got=path.suffix or "no suffix",
            remedy=f"Try {path.stem or 'information'}.csv.",
        )
    return path


def _rank() -> int:
    ready = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_rank() if ready else 0
