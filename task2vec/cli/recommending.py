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
    code: Annotated[
        bool, typer.Option("--code", help="Print the lines of Python that load the chosen model.")
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
        print_answer(answer, full=explain)
        if code:
            console().print()
            console().print(answer.code.rstrip(), whole=True)
        if answer.abstained and answer.untried:
            messages().print("A larger `--budget` measures more models on your images.")
        if answer.chosen:
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
    """Print what the answer rests on, what was measured, and what simpler rules would take."""
    out = console()
    out.print(answer.evidence_summary)
    if not answer.calibrated:
        out.print("Intervals are the model's own: too few tasks have outcomes to check them by.")
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
        "Gains of a linear probe are those of a classifier on frozen features. Fine-tuned on "
        "hundreds of images, starting models come closer together."
    )
    if answer.explanation is not None and answer.explanation.classes is not None:
        messages().print(
            "The leave-one-out accuracy of the classes is another: ridge regression's, which knows "
            "all images but one, where linear probes know four fifths of them at most."
        )


def print_steps(answer: "Recommended") -> None:
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
        spare=["expected (points)", "answer after it"],
    )
