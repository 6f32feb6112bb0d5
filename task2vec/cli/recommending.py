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
from task2vec.cli.output import (
    console,
    messages,
    print_answer_json,
    print_behind,
    print_next,
    warn,
)
from task2vec.cli.progress import bars, work_bar
from task2vec.cli.table import print_table
from task2vec.data.wording import plural
from task2vec.sdk.candidates import (
    LINEAR_PROBE,
    candidate_columns,
    candidate_rows,
    evidence_line,
    promise,
    verdict,
)
from task2vec.types.measuring import BUDGET, MOST_SHARED

if TYPE_CHECKING:
    from task2vec.wire.recommendations import Recommended

#: As many candidates as leave the answer on a screen of 25 lines.
_SHOWN = 4


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
            help="Show at most this many experts, best first, besides the models that were "
            "measured.",
        ),
    ] = 5,
    max_parameters: MostParameters = None,
    max_input_size: Annotated[
        int | None,
        typer.Option(min=1, help="Only models with at most this input size, in pixels per side."),
    ] = None,
    architecture: Annotated[
        str | None, typer.Option(help="Only this architecture; `*` stands for anything.")
    ] = None,
    licence: Annotated[str | None, typer.Option(help="Only models of this licence.")] = None,
    published: Annotated[
        bool, typer.Option(help="Use the published accuracies of models as evidence.")
    ] = True,
    budget: Annotated[
        float,
        typer.Option(
            help="Seconds for measuring models on your images; 0 measures nothing.", min=0
        ),
    ] = BUDGET,
    max_shared: Annotated[
        float,
        typer.Option(
            help="Ignore a stored task that contains more than this share of your images, from 0 "
            "to 1.",
            min=0,
            max=1,
        ),
    ] = MOST_SHARED,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Show the evidence for each model, the layers that differ, and the hard classes.",
        ),
    ] = False,
    code: Annotated[
        bool, typer.Option("--code", help="Print Python code that loads the chosen model.")
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

    For each model it shows the expected gain in accuracy over the default model, with an interval.
    With little evidence the expected gain is close to 0. For 20 seconds (`--budget`) models are
    measured on your images: first linear probes of the most promising ones, then short
    fine-tunings of the best, if time is left. Earlier measurements are used again.

    A model is recommended if it is the better bet: fine-tuning it is expected to gain, and its gain
    by a linear probe is at least a fifth of its standard deviation. An interval that contains 0
    means that it may still lose. Otherwise the answer is the default, and the exit code is 3.
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
        print_answer(answer, full=explain)
        if code:
            console().print()
            console().print(answer.code.rstrip(), whole=True)
        if answer.abstained and answer.untried:
            messages().print("A larger `--budget` measures more models on your images.")
        if answer.images_missing:
            # Fine-tuning needs the images, too.
            print_next(["embed", "FOLDER", "--name", answer.task, "--update"], store=store, url=url)
        elif answer.chosen:
            print_next(["finetune", task, "--from", answer.chosen], store=store, url=url)
    return 3 if answer.abstained else 0


def print_answer(answer: "Recommended", *, full: bool = False) -> None:
    """Print a recommendation on a screen, or in ``full`` with all that explains it."""
    out = console()
    out.print(verdict(answer), style="bold")
    out.print(f"{answer.reason[:1].upper()}{answer.reason[1:]}.")
    if promised := promise(answer):
        out.print(promised)
    print_table(
        candidate_columns(answer),
        candidate_rows(answer, most=None if full else _SHOWN),
        whole=["starting model"],
        spare=[LINEAR_PROBE],
    )
    out.print(evidence_line(answer))
    if full:
        _print_reasons(answer)
        return
    more = len(answer.recommendations) - _SHOWN
    rest = f" and the other {plural(more, 'candidate')}" if more > 0 else ""
    out.print(f"`--explain` shows the reasons{rest}, `--code` how to load the model.")


def _print_reasons(answer: "Recommended") -> None:
    """Print the evidence, what was measured, and what simpler rules would take."""
    out = console()
    out.print(answer.evidence_summary)
    if not answer.calibrated:
        out.print("The intervals could not be checked: too few tasks have outcomes.")
    out.print()
    out.print("The evidence:", style="bold")
    for each in answer.recommendations:
        print_behind(f"  {each.model}: ", "; ".join(piece.text for piece in each.evidence))
    if answer.steps:
        out.print()
        print_steps(answer)
    if answer.explanation is not None:
        print_explanation(answer.explanation)
    out.print("For comparison:", style="bold")
    for baseline in answer.baselines:
        rule = baseline.rule.replace("_", " ")
        print_behind(f"  {rule:<15} ", f"{baseline.model or '-'}: {baseline.reason}")
    messages().print(
        "A linear probe is a classifier on frozen features. After fine-tuning on hundreds of "
        "images, models differ less than their linear probes."
    )
    if answer.explanation is not None and answer.explanation.classes is not None:
        messages().print(
            "The leave-one-out accuracy of a class is that of ridge regression on all images but "
            "one. Linear probes are trained on at most four fifths of the images."
        )


def print_steps(answer: "Recommended") -> None:
    """Print the steps of a budget with their results and seconds."""
    print_table(
        ["step", "model", "gain (points)", "seconds", "answer after it", "expected (points)"],
        [
            (
                step.kind.replace("_", " "),
                step.model or "-",
                "-" if step.gain is None else f"{100 * step.gain:+.1f}",
                f"{step.seconds:.0f}" if step.seconds >= 10 else f"{step.seconds:.1f}",
                step.leader,
                f"{100 * step.expected:+.1f}",
            )
            for step in answer.steps
        ],
        spare=["expected (points)", "answer after it"],
    )
