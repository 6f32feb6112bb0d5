"""The page of measured performance, from the files that the benchmarks write."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from docs.markdown import GENERATED, table

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"

Result = Mapping[str, Any]


def _cold_start(result: Result) -> str:
    return (
        f"{result['embed_seconds']:.1f} s for {result['images']} pictures, "
        f"{result['embed_over_libraries']:.1f} times a process that only imports torch, timm and "
        f"scikit-learn; "
        f"import of `task2vec` {result['import_seconds']:.2f} s"
    )


def _first_answer(result: Result) -> str:
    return (
        f"{result['seconds']:.1f} s for {result['images']} pictures; "
        f"{result['processor_seconds']:.1f} s of the processor, of which importing torch, timm and "
        f"scikit-learn {result['libraries_processor_seconds']:.1f} s"
    )


def _passes(result: Result) -> str:
    return "; ".join(
        f"{row['network']}, {row['layers']} layers: {row['ratio']:.2f} "
        f"({row['ratio_to_channels_last']:.2f} of the same in channels last; counted floor "
        f"{row['counted_floor']:.2f}; {row['goal']}{'' if row['met'] else ', missed'})"
        for row in result["networks"]
    )


def _repeatability(result: Result) -> str:
    return (
        f"of the median distance between tasks: only signs new "
        f"{result['ratio_only_signs_change']:.3f}; two seeds {result['ratio_two_seeds']:.3f}; "
        f"disjoint halves with heads of their own {result['ratio_disjoint_halves']:.3f}, and "
        f"{result['ratio_disjoint_halves_without_noise']:.3f} without noise"
    )


def _coverage(result: Result) -> str:
    return f"{result['covered']:.1%} over {len(result['cells'])} pairs, {result['runs']} runs each"


def _refitted(result: Result) -> str:
    return f"{result['held']:.1%}, and {result['held_with_heads_held']:.1%} with the heads held"


def _memory(result: Result) -> str:
    return (
        f"{result['peak_memory_mib']:,} MiB at {result['images']:,} images; "
        f"{result['wall_seconds']:,.0f} s"
    )


def _decoding(result: Result) -> str:
    return "; ".join(
        f"{name} of {kind['size'][0]} x {kind['size'][1]} pixels: "
        f"{kind['images_per_second']:,.0f} a second, {kind['gain']:.2f} times one thread"
        for name, kind in result["kinds"].items()
    )


def _scaling(result: Result) -> str:
    images, classes = result["seconds_by_images"], result["seconds_by_classes"]
    heads = ", ".join(f"{count}: {run['head']:.1f} s" for count, run in classes.items())
    return (
        f"{min(images, key=int)} to {int(max(images, key=int)):,} images: time grows as images to "
        f"the {result['time_grows_as_images_to_the']:.2f}; {min(classes, key=int)} to "
        f"{int(max(classes, key=int)):,} classes: within "
        f"{result['spread_over_classes_apart_from_the_head']:.0%}, and the fits of heads {heads}"
    )


def _information(result: Result) -> str:
    return "; ".join(
        f"{name}: {task['images']} images and {len(task['curve'])} betas in "
        f"{task['wall_seconds']:,.0f} s, of the processor {task['processor_seconds']:,.0f} s"
        for name, task in result["tasks"].items()
    )


def _published_method(result: Result) -> str:
    return "; ".join(
        f"{name}: {task['passes_ratio']:.0f} times the passes, "
        f"{task['seconds_ratio']:.0f} times the seconds"
        + (" (extrapolated)" if task["extrapolated_as_one_over_draws"] else "")
        for name, task in result["tasks"].items()
    )


def _atlas(result: Result) -> str:
    opened, frames, folder = result["open"], result["frames_a_second"], result["folder"]
    moved = ", ".join(
        f"{each['pan']:.0f} and {each['zoom']:.0f} frames a second with {int(count):,} tasks"
        for count, each in frames.items()
        if count.isdigit()
    )
    return (
        f"{opened['seconds_to_map']:.1f} s from `task2vec open` to the map, first paint "
        f"{opened['seconds_to_paint']:.1f} s after the server answers; panned and zoomed {moved}; "
        f"{result['script']['gzipped_bytes']:,} bytes of script; a folder of {folder['images']} "
        f"images to its recommendation in {folder['ratio']:.2f} of the time of the command"
    )


def _gpu(result: Result) -> str:
    networks = "; ".join(
        f"{n['network']}: {n['images_per_second']:,.0f} images/s, ratio {n['ratio']:.2f}"
        for n in result["networks"]
    )
    return f"{result['card']}: {networks}"


#: What is measured and how a result is told, by the name of its file.
FIGURES: dict[str, tuple[str, Callable[[Result], str]]] = {
    "cold_start": ("`task2vec embed`, from process start to result", _cold_start),
    "first_answer": ("the first `task2vec recommend` in a fresh store", _first_answer),
    "atlas": ("the atlas in Chromium, drawing by software", _atlas),
    "passes": ("an embedding pass against plain forward and backward, by seconds", _passes),
    "repeatability": ("distance of two repeats", _repeatability),
    "coverage": ("truth inside the 95 % interval of a distance", _coverage),
    "refitted_heads": ("repeats with refitted heads inside the 95 % interval", _refitted),
    "memory": ("peak memory of an embedding at the default resolution", _memory),
    "memory_large": ("peak memory at 224 pixels, streaming from disk", _memory),
    "decoding": ("reading and decoding by several threads", _decoding),
    "scaling": ("time against images and classes", _scaling),
    "information_default": ("`task2vec information` at its defaults", _information),
    "published_method": (
        "cost of the published method at the same repeatability",
        _published_method,
    ),
    "gpu": ("an embedding pass on a GPU against plain forward and backward", _gpu),
}

INTRODUCTION = """\
# Performance

What `make bench` measured last, on the machine that each file names. A goal that is missed is
listed as such. `python -m benchmarks NAME` measures one figure;
`coverage`, `fairness`, `information`, `memory_large` and `search` take long and run by their names
only. Each result says its seconds. All results are in [benchmarks/results](../benchmarks/results).
"""

NOTES = """\
## What decides speed and memory

- **Images are decoded by as many threads as there are processors**, eight at most; the sample does
  not depend on their number.
- **Pixels beyond 64 MiB wait in a temporary file** and are read batch by batch, so that memory
  does not grow with the number of images but for their features (5 kB an image, 20 kB more while
  the head is fitted). `TMPDIR` names the folder; a `tmpfs` there is memory again. The file has no
  name: nothing is left behind, however the process ends.
- **Batches suit the input.** By the command line and in workers each processor thread, four at
  most, has a batch of its own: 8 images of 128 pixels a side, 2 of 224. In Python all threads share
  one of 12, or 4, unless `OMP_WAIT_POLICY=PASSIVE` was set when torch was loaded
  ([why](adr/0024-batches-side-by-side.md)). On a GPU there are 98, or 32.
- **One process uses one device.** `task2vec embed` and `batch` use the first GPU that torch sees
  (`CUDA_VISIBLE_DEVICES` chooses another). For several, run a server and a
  [worker](cli.md#task2vec-worker) for each, with `--device cuda:0`, `cuda:1`, and so on.
"""


def performance() -> str:
    """Return the page; figures whose result is not there are left out."""
    rows = []
    for name, (figure, tell) in FIGURES.items():
        path = RESULTS / f"{name}.json"
        if not path.is_file():
            continue
        found = json.loads(path.read_text(encoding="utf-8"))
        result, machine = found["result"], found["machine"]
        # A result of several parts has a goal for each.
        inner = [part for part in result.values() if isinstance(part, dict) and "goal" in part]
        parts = [result] if "goal" in result else inner
        goals = "; ".join(part["goal"] for part in parts)
        met = all(part["met"] for part in parts) if parts and "met" in parts[0] else None
        rows.append(
            (
                figure,
                tell(result),
                goals,
                "" if met is None else "yes" if met else "**no**",
                f"{machine['processor']}, {machine['cores']} cores, {found['date']} "
                f"([{name}.json](../benchmarks/results/{name}.json))",
            )
        )
    figures = table(("figure", "measured", "goal", "met", "on"), rows)
    return "\n".join([GENERATED, "", INTRODUCTION, figures, "", NOTES])
