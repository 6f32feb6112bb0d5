"""The command recommend."""

from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.counts import MostParameters
from task2vec.cli.explaining import print_explanation
from task2vec.cli.options import (
    DEFAULT_PROBE_NAME,
    DEFAULT_STORE,
    ApiKeyOption,
    ImagesOption,
    JsonOption,
    ProbeOption,
    SeedOption,
    StoreOption,
    TaskOrSource,
    UrlOption,
    open_client,
)
from task2vec.cli.output import console, interval, messages, percent, print_answer_json, warn
from task2vec.cli.progress import bars, work_bar
from task2vec.cli.table import print_table
from task2vec.types.measuring import BUDGET, MOST_SHARED

if TYPE_CHECKING:
    from task2vec.recommend import recommendation
    from task2vec.wire.recommendations import Recommended


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("recommend")(recommend)


def recommend(
    task: TaskOrSource,
    k: Annotated[
        int,
        typer.Option(
            "-k",
            min=1,
            help="How many experts are told of at most, best first, besides those measured.",
        ),
    ] = 5,
    max_parameters: MostParameters = None,
    max_input_size: Annotated[
        int | None,
        typer.Option(min=1, help="Only models that look at so many pixels a side at most."),
    ] = None,
    architecture: Annotated[
        str | None, typer.Option(help="Only this architecture; `*` stands for anything.")
    ] = None,
    licence: Annotated[str | None, typer.Option(help="Only models of this licence.")] = None,
    published: Annotated[
        bool, typer.Option(help="Let published accuracies of models count.")
    ] = True,
    budget: Annotated[
        float,
        typer.Option(help="Seconds to measure on your images for; 0 measures nothing.", min=0),
    ] = BUDGET,
    max_shared: Annotated[
        float,
        typer.Option(
            help="Share of your images, from 0 to 1, that another task may have and still be "
            "evidence.",
            min=0,
            max=1,
        ),
    ] = MOST_SHARED,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Tell what moved the answer, which layers differ, and which classes are hard.",
        ),
    ] = False,
    probe: ProbeOption = DEFAULT_PROBE_NAME,
    images: ImagesOption = 300,
    seed: SeedOption = 0,
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> int:
    """Rank starting models for a task.

    Example: `task2vec recommend photos/dogs --max-parameters 6M`

    Scores are gains in accuracy over the plain default, shrunk toward 0 as far as the evidence is
    thin. For 20 seconds (`--budget`) models are measured on your own images: linear probes of those
    that promise most, then short fine-tunings of the best if time is left. What was measured before
    takes no time. Where nothing known is better beyond its noise, the answer is to take the
    default, and the exit code is 3. `--explain` adds what moved
    each score and by how much, the layers in which the task is like its neighbours and unlike
    them, and the classes that are hard.
    """
    with open_client(store, url, api_key) as client, bars() as progress:
        answer = client.recommend(
            task,
            k=k,
            max_parameters=max_parameters,
            max_input_size=max_input_size,
            architecture=architecture,
            licence=licence,
            published=published,
            budget=budget,
            max_shared=max_shared,
            explain=explain,
            probe=probe,
            images=images,
            seed=seed,
            progress=work_bar(progress, task),
        )
    if as_json:
        print_answer_json(answer)
    else:
        warn(answer.warnings)
        print_answer(answer)
        if answer.abstained and answer.untried:
            messages().print("A larger `--budget` measures more models on your images.")
    return 3 if answer.abstained else 0


def print_answer(answer: "Recommended | recommendation.Recommended") -> None:
    """Print a recommendation for a person."""
    print_table(
        [
            "starting model",
            "score (points)",
            "predicted accuracy",
            f"{100 * answer.level:.0f} % interval",
            "evidence",
        ],
        [
            (
                found.model,
                f"{100 * found.score:+.1f} ± {100 * found.score_sd:.1f}",
                percent(found.predicted_accuracy),
                interval(found.interval),
                "; ".join(piece.text for piece in found.evidence),
            )
            for found in answer.recommendations
        ],
    )
    out = console()
    out.print()
    verdict = "Take the default" if answer.abstained else "Recommended"
    out.print(f"{verdict}: {answer.chosen}", style="bold")
    out.print(f"Why: {answer.reason}.")
    out.print(answer.evidence_summary)
    if not answer.calibrated:
        out.print("Intervals are the model's own: too few tasks have outcomes to check them by.")
    if answer.steps:
        print_steps(answer)
    if answer.explanation is not None:
        print_explanation(answer.explanation)
    out.print("For comparison:")
    for baseline in answer.baselines:
        rule = baseline.rule.replace("_", " ")
        line = f"  {rule:<15} {baseline.model or '-'}: {baseline.reason}"
        out.print(line)
    out.print()
    out.print(answer.code.rstrip(), whole=True)
    messages().print(
        "Predicted accuracies are those of a linear classifier on frozen features, or rest on a "
        "recorded outcome of the default. Fine-tuned whole on hundreds of images, starting models "
        "come closer together."
    )
    if answer.explanation is not None and answer.explanation.classes is not None:
        messages().print(
            "The leave-one-out accuracy of the classes is another: ridge regression's, which knows "
            "all images but one, where linear probes know four fifths of them at most."
        )


def print_steps(answer: "Recommended | recommendation.Recommended") -> None:
    """Print what each second of a budget bought."""
    print_table(
        ["step", "model", "gain (points)", "seconds", "answer after it", "expected (points)"],
        [
            (
                step.kind.replace("_", " "),
                step.model or "-",
                "-" if step.gain is None else f"{100 * step.gain:+.1f}",
                f"{step.seconds:.1f}",
                step.leader,
                f"{100 * step.expected:+.1f}",
            )
            for step in answer.steps
        ],
    )
