"""The demo: the main job on the example tasks, told step by step."""

import shutil
import tomllib
from math import hypot
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from rich.progress import Progress

from task2vec.cli.experts import no_examples
from task2vec.cli.output import console, print_sheet
from task2vec.cli.progress import bars, passing, stages_bar, work_bar
from task2vec.cli.recommend import print_answer
from task2vec.client.show.sheet import (
    Sheet,
    interval,
    not_negative,
    percent,
    points,
    points_between,
)
from task2vec.errors import InputError
from task2vec.types.tuning import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from task2vec.client.client import BlockingClient
    from task2vec.jobs.findings import Findings
    from task2vec.messages.finetuning import Tuned
    from task2vec.messages.recommendations import Recommendation, Recommended
    from task2vec.service.workspace import Workspace

#: Fewer than the default of 300, so that the demo is over in some minutes on two cores.
IMAGES = 120
EXPERTS = ("greek_capitals", "fashion_mixed", "emoji_food")
SHOWN = "latin_small_letters"
PAIR = ("emoji_food", "clipart_food")
HELD_BACK = "cyrillic_capitals"

#: Six a class, one of them for validation: as many as the recommender's constants were fitted at.
FEW = 108

_MARKER = "made-by-task2vec-demo"


def run(examples: Path, output: Path) -> None:
    """Run all steps on the folder of examples, into ``output``.

    Raises `InputError` when the examples are not there, or ``output`` holds something else.
    """
    families = _families(examples)
    _make_room(output)
    from task2vec.client.client import BlockingClient
    from task2vec.client.local.store import LocalStore
    from task2vec.service.workspace import Workspace

    started = perf_counter()
    workspace = Workspace(output / "store")
    with BlockingClient(LocalStore(workspace)) as client, bars() as progress:
        _embed_all(client, examples, families, progress)
        _make_experts(workspace, progress)
        _show_neighbours(client)
        _heading("4. The map of the tasks")
        client.map(output / "map.png", thumbnails=True)
        console().print(f"Drawn to {output / 'map.png'}.")
        held_back = str(examples / "held_back" / HELD_BACK)
        answer = _recommend(client, held_back, progress)
        subject = _judge(workspace, answer, held_back, progress)
    say = console().print
    say(f"\nDone in {perf_counter() - started:.0f} seconds. The store is {output / 'store'}.")
    say(f"Try:  task2vec neighbours {subject} --store {output / 'store'}")
    say(f"      task2vec recommend YOUR_FOLDER --store {output / 'store'}")


def _families(examples: Path) -> dict[str, str]:
    try:
        tasks = tomllib.loads((examples / "tasks.toml").read_text(encoding="utf-8"))["tasks"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise no_examples(examples, got=str(error)) from error
    return {name: about["family"] for name, about in tasks.items()}


def _make_room(output: Path) -> None:
    """Empty a folder that an earlier demo made; leave any other alone."""
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        if not (output / _MARKER).is_file():
            raise InputError(
                f"{output} holds something that no demo made",
                remedy="Name another folder with --output.",
            )
        shutil.rmtree(output)
    try:
        output.mkdir(parents=True, exist_ok=True)
        (output / _MARKER).touch()
    except OSError as error:
        raise InputError(f"{output} cannot be written", got=str(error)) from error


def _embed_all(
    client: "BlockingClient", examples: Path, families: dict[str, str], progress: Progress
) -> None:
    _heading(f"1. Embed {len(families)} tasks, {IMAGES} images each")
    bar = progress.add_task("tasks", total=len(families))
    started = perf_counter()
    for name, family in families.items():
        with passing(progress):
            tell = work_bar(progress, name)
            client.embed(examples / "tasks" / name, images=IMAGES, tags=[family], progress=tell)
        progress.advance(bar)
    progress.remove_task(bar)
    seconds = perf_counter() - started
    console().print(f"{len(families)} embeddings in {seconds:.0f} seconds.")


def _make_experts(workspace: "Workspace", progress: Progress) -> None:
    _heading(f"2. Fine-tune {len(EXPERTS)} experts from the plain default")
    results = [
        _finetune(workspace, progress, task, start="efficientnet_lite0", epochs=5, images=300)
        for task in EXPERTS
    ]
    _print_tuned("expert", [(tuned.model, tuned) for tuned, _ in results])


def _print_tuned(called: str, tuned: "Iterable[tuple[str, Tuned]]") -> None:
    rows = [
        (name, percent(each.accuracy), interval(each.interval), round(each.seconds))
        for name, each in tuned
    ]
    print_sheet(Sheet("", [called, "accuracy", "95 % interval", "seconds"], rows))


def _finetune(
    workspace: "Workspace", progress: Progress, source: str, *, start: str, epochs: int, images: int
) -> "tuple[Tuned, Findings]":
    from task2vec.jobs.finetune import finetune
    from task2vec.messages.jobs import NewTuning
    from task2vec.messages.settings import EmbeddingSettings, TuningSettings

    name = Path(source).name
    with passing(progress):
        return finetune(
            workspace,
            NewTuning(start=start, settings=TuningSettings(images=images, epochs=epochs)),
            source,
            embedding=EmbeddingSettings(images=IMAGES),
            progress=stages_bar(progress, f"fine-tuning {name} from {start}"),
            embed_progress=stages_bar(progress, name),
        )


def _show_neighbours(client: "BlockingClient") -> None:
    _heading(f"3. What is {SHOWN} like?")
    near = client.search(SHOWN, progress=False).neighbours
    columns = ["rank", "nearest tasks", "symmetric distance", "standard error"]
    rows = [(n.rank, n.name, not_negative(n.distance), n.standard_error) for n in near]
    print_sheet(Sheet("", columns, rows))
    asymmetric = client.distance(*PAIR, progress=False).asymmetric
    console().print(
        "\nAsymmetric distance, which the complexity of the first task makes smaller:\n"
        f"{PAIR[0]} -> {PAIR[1]}: {asymmetric.source_to_target:.3f}; "
        f"{PAIR[1]} -> {PAIR[0]}: {asymmetric.target_to_source:.3f}",
    )


def _recommend(client: "BlockingClient", source: str, progress: Progress) -> "Recommended":
    _heading(f"5. Which model to start from for {HELD_BACK}, a new task?")
    with passing(progress):
        tell = work_bar(progress, HELD_BACK)
        answer = client.recommend(source, images=IMAGES, progress=tell)
    print_answer(answer)
    return answer


def _judge(workspace: "Workspace", answer: "Recommended", source: str, progress: Progress) -> str:
    from task2vec.recommendation.prediction.intervals import paired_difference

    start = answer.chosen
    if answer.abstained:
        start = next(r.model for r in answer.recommendations if r.model != answer.chosen)
        console().print(f"\nTo check that, {start} is fine-tuned as well.")
    _heading("6. Check it: fine-tune that model and the default on six images per class")
    first, second = (
        _finetune(workspace, progress, source, start=name, epochs=6, images=FEW)
        for name in (start, "efficientnet_lite0")
    )
    _print_tuned("start", [(start, first[0]), ("efficientnet_lite0", second[0])])
    print_promise(
        next(each for each in answer.recommendations if each.model == start),
        level=answer.level,
        measured=paired_difference(*(_correct(found) for _, found in (first, second))),
        images=first[0].test_images,
    )
    return first[0].task


def _correct(findings: "Findings") -> tuple[bool, ...]:
    """Return which test images were right."""
    assert findings.tuned is not None
    return findings.tuned.correct


def _heading(text: str) -> None:
    console().print(f"\n{text}", style="bold cyan")


def print_promise(
    promised: "Recommendation", *, level: float, measured: tuple[float, float, float], images: int
) -> None:
    """Print the expected and the measured gain over the default, and whether they agree.

    ``measured`` is the gain on ``images`` test images with the ends of its 95 % interval, in
    fractions; ``level`` is the share of gains on new images that the expected interval is to hold.
    They agree where they differ by no more than both doubts together, at ``level``.
    """
    # It loads numpy: other commands start without.
    from task2vec.recommendation.prediction.intervals import normal_reach

    gain, *ends = measured
    plan = promised.plan(Recipe.ALL_LAYERS)
    low, high = plan.gain_interval
    out = console()
    out.print()
    rows = [
        ("expected in step 5", points(plan.gain), _interval((low, high), level)),
        (f"measured on {images} images", points(gain), _interval((ends[0], ends[1]), 0.95)),
    ]
    print_sheet(Sheet("", ["gain over the default", "points", "interval"], rows))
    out.print()
    noise = (ends[1] - ends[0]) / 2 * normal_reach(level) / normal_reach(0.95)
    held = abs(gain - plan.gain) <= hypot((high - low) / 2, noise)
    out.print(
        "The expectation held: the measured gain differs from it by no more than the two intervals "
        "allow."
        if held
        else "The expectation did not hold: the measured gain differs from it by more than the two "
        "intervals allow."
    )
    if ends[0] > 0 or ends[1] < 0:
        better, worse = (promised.model, "the default")[:: 1 if gain > 0 else -1]
        out.print(f"Fine-tuned, {better} is better on this task than {worse}.")
    else:
        out.print(
            f"Fine-tuned, {promised.model} and the default differ on this task by no more than the "
            "noise of the test images."
        )


def _interval(ends: tuple[float, float], level: float) -> str:
    return f"{points_between(ends)} ({100 * level:.0f} %)"
