"""The command recommend."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.next_commands import next_commands
from task2vec.cli.option_groups import grouped
from task2vec.cli.options import Here, HowLong, ModelLimits, SourceOptions, TaskOrSource
from task2vec.cli.output import (
    command_lines,
    console,
    in_place,
    messages,
    print_behind,
    print_json,
    print_next,
    print_sheet,
    warn,
)
from task2vec.client.report.files import check_report, write_report
from task2vec.client.report.report import Report
from task2vec.client.show.recommendation import (
    of_classes,
    of_layers,
    of_recommended,
    of_steps,
    reasons,
    verdict,
)
from task2vec.data.wording import FOLDER, plural
from task2vec.messages.recommendation_question import RecommendationQuestion
from task2vec.types.tuning import Recipe

if TYPE_CHECKING:
    from task2vec.messages.explanations import Explanation
    from task2vec.messages.recommendations import Recommended

#: As many candidates as leave the answer on a screen of 25 lines.
_SHOWN = 4


app = typer.Typer()

_DEFAULTS = RecommendationQuestion.model_construct()


@dataclass(frozen=True)
class Question:
    """How many models are wanted, and what their gains are judged by."""

    k: Annotated[
        int,
        typer.Option(
            "-k",
            min=1,
            help="Show at most this many experts, best first, besides the models that were "
            "measured.",
        ),
    ] = _DEFAULTS.k
    published: Annotated[
        bool, typer.Option(help="Use the published accuracies of models as evidence.")
    ] = _DEFAULTS.published
    bundles: Annotated[
        bool, typer.Option(help="Use the tasks and outcomes of bundles as evidence.")
    ] = _DEFAULTS.bundles
    budget: Annotated[
        float,
        typer.Option(
            help="Seconds for measuring models on your images; with 0 nothing new is measured.",
            min=0,
        ),
    ] = _DEFAULTS.budget
    time: HowLong = None
    max_shared: Annotated[
        float,
        typer.Option(
            help="Ignore a stored task that contains more than this share of your images, from 0 "
            "to 1.",
            min=0,
            max=1,
        ),
    ] = _DEFAULTS.max_shared
    recipe: Annotated[
        Recipe,
        typer.Option(
            help="How the model will be trained. `auto` picks the recipe that promises the highest "
            "accuracy, or a cheaper one that is nearly as good."
        ),
    ] = _DEFAULTS.recipe
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Show the evidence for each model, the layers that differ, and the hard classes.",
        ),
    ] = _DEFAULTS.explain


@app.command("recommend")
@grouped
def recommend(
    context: typer.Context,
    task: TaskOrSource,
    *,
    limits: ModelLimits,
    question: Question,
    code: Annotated[
        bool, typer.Option("--code", help="Print Python code that loads the chosen model.")
    ] = False,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Write the answer with its reasons to FILE.html, a page to print, or to FILE.md, "
            "a section for a model card. Repeat the option for both.",
        ),
    ] = None,
    how: SourceOptions,
    here: Here,
) -> int:
    """Rank starting models for a task.

    Example: `task2vec recommend photos/dogs --max-parameters 6M`

    The answer is a model and a recipe: how to train it. `linear-probe` trains a classifier on the
    model's unchanged features, `last-stage` its last stage too, `all-layers` everything. For each
    model you see the accuracy to expect on new images, and the gain over the default model, trained
    by the same recipe. Every interval holds 90 % of outcomes; one that contains 0 means that the
    model may do worse than the default. With little evidence the expected gain is close to 0.

    For 20 seconds (`--budget`) models are measured on your images: first linear probes of the most
    promising ones, then short fine-tunings of the best, if time is left. Earlier measurements of
    the same images are used again, also with `--budget 0` or where the images are no longer at
    hand.

    *time* is what fine-tuning takes at most on the machine that measured. With `--time 10m` only
    what fits into ten minutes, measuring included, is recommended, and measuring takes a quarter of
    them at most.

    The model with the largest gain of linear probes is recommended if it is expected to gain half a
    point, by a linear probe and by the recipe, and if both gains stand out from their doubt: by a
    fifth and by 0.3 of their standard deviations. Otherwise the answer is the default, and the exit
    code is 3.
    """
    reports = report or ()
    for path in reports:
        check_report(path)
    with here.work(task) as (client, tell):
        asked = {**vars(limits), **vars(question), **vars(how)}
        asked["explain"] = question.explain or bool(reports)
        answer = client.recommend(task, **asked, progress=tell)
        source = client.tasks.get(answer.task).source if answer.images_missing else None
        wanted = reports or not here.as_json
        commands = list(next_commands(context, client, answer)) if wanted else []
    _write_reports(reports, answer, commands)
    if here.as_json:
        print_json(answer)
    else:
        warn(answer.warnings)
        print_answer(answer, full=question.explain)
        if code:
            console().print()
            console().print(answer.code.rstrip(), whole=True)
        if commands:
            print_next(*commands)
        if answer.images_missing:
            before = f"; they were in {source}" if source and Path(source).is_absolute() else ""
            messages().print(f"{FOLDER} is where the images are now{before}.")
    return 3 if answer.abstained else 0


def _write_reports(paths: Sequence[Path], answer: "Recommended", commands: list[list[str]]) -> None:
    """Write the report in each of its forms."""
    made = Report(answer, commands=command_lines(commands))
    for path in paths:
        earlier = in_place(path)
        write_report(made, path)
        messages().print(f"Wrote {path}{earlier}.")


def print_answer(answer: "Recommended", *, full: bool = False) -> None:
    """Print a recommendation on a screen, or in ``full`` with all that explains it."""
    out = console()
    out.print(verdict(answer), style="bold")
    for reason in reasons(answer):
        out.print(reason)
    sheet = of_recommended(answer, most=None if full else _SHOWN, full=full)
    print_sheet(sheet)
    for note in sheet.notes:
        out.print(note)
    if full:
        _print_reasons(answer)
        return
    more = len(answer.recommendations) - _SHOWN
    rest = f" and {plural(more, 'more candidate')}" if more > 0 else ""
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
        print_sheet(of_steps(answer))
    if answer.explanation is not None:
        print_explanation(answer.explanation)
    out.print("For comparison:", style="bold")
    for baseline in answer.baselines:
        rule = baseline.rule.replace("_", " ")
        print_behind(f"  {rule:<15} ", f"{baseline.model or '-'}: {baseline.reason}")
    messages().print(
        "After fine-tuning on hundreds of images, models differ less than their linear probes."
    )
    if answer.explanation is not None and answer.explanation.classes is not None:
        messages().print(
            "Hard classes are found by ridge regression: each image is classified by all others. "
            "Its accuracy differs a little from that of linear probes, which train on fewer images."
        )


def print_explanation(explanation: "Explanation") -> None:
    """Print the sentences, with a table of the layers and one of the classes."""
    out = console()
    for about, title in _TITLES.items():
        out.print()
        out.print(title, style="bold")
        for sentence in explanation.sentences:
            if sentence.about == about:
                print_behind("  ", sentence.text)
        for each in explanation.unknown:
            if each.about == about:
                print_behind("  ", f"Not known: {each.reason}.")
        if about == "layers" and explanation.layers:
            print_sheet(of_layers(explanation.layers))
        if about == "classes" and explanation.classes is not None:
            sheet = of_classes(explanation.classes, most=_SHOWN_CLASSES)
            print_sheet(sheet)
            for note in sheet.notes:
                out.print(note)
    out.print()


_TITLES = {
    "outcomes": "Where each expected gain comes from (points):",
    "layers": "Distances to other tasks, layer by layer (symmetric):",
    "classes": "Hard classes:",
}
#: As many classes as fit a screen.
_SHOWN_CLASSES = 12
