"""The commands models add, list, published, show, export and remove."""

from pathlib import Path
from typing import Annotated

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import Here
from task2vec.cli.output import answer, in_place
from task2vec.cli.progress import bars
from task2vec.cli.published import published
from task2vec.client.show.record import of_record
from task2vec.client.show.sheet import Sheet

app = typer.Typer(no_args_is_help=True, help="Add, list or remove starting models.")

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="A model's name or id.")]


@app.command()
@grouped
def add(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF",
            help="`timm:NAME[@COMMIT]`, `hf-hub:ORG/NAME[@COMMIT]` or "
            "`file:PATH.safetensors?arch=NAME`.",
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the model. Default: the name in the reference."),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(metavar="TASK", help="The stored task that the model was fine-tuned on."),
    ] = None,
    *,
    here: Here,
) -> None:
    """Register a starting model.

    Example: `task2vec models add timm:resnet18.a1_in1k --name resnet18`
    """
    with here.client() as client:
        record = client.models.add(ref, name=name, task=task)
    message = f"Registered {record.name} ({record.ref})."
    then = (["models", "show", record.name], ["finetune", "SOURCE", "--from", record.name])
    answer(record, message, as_json=here.as_json, then=then)


@app.command("list")
@grouped
def list_models(*, here: Here) -> None:
    """List the starting models; packaged ones are there from the start.

    Example: `task2vec models list`
    """
    with here.client() as client:
        models = list(client.models.list())
        experts = any(model.task for model in models) and not here.as_json
        names = {task.id: task.name for task in client.tasks.list()} if experts else {}
    sheet = Sheet(
        "",
        ["name", "architecture", "expert of", "parameters", "pixels", "licence", "ref"],
        [
            (
                model.name,
                model.architecture,
                names.get(model.task or "", "-"),
                model.parameters,
                model.input_size,
                model.licence,
                model.ref,
            )
            for model in models
        ],
        whole=["name"],
        spare=["pixels", "expert of", "licence", "architecture", "ref"],
    )
    then = (["models", "show", models[0].name], ["recommend", "TASK"])
    answer({"models": models}, sheet, as_json=here.as_json, then=then)


app.command("published")(published)


@app.command("show")
@grouped
def show_model(model: ModelArgument, *, here: Here) -> None:
    """Show one starting model.

    Example: `task2vec models show efficientnet_lite0`
    """
    with here.client() as client:
        record = client.models.get(model)
    answer(record, of_record(record), as_json=here.as_json)


@app.command()
@grouped
def export(
    model: ModelArgument,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Where to write it: a name that ends in .safetensors or .onnx.",
        ),
    ],
    *,
    here: Here,
) -> None:
    """Write an expert to a file: its weights as safetensors, or all that classifies as ONNX.

    Example: `task2vec models export birds-from-efficientnet_lite0 birds.onnx`

    A .safetensors file has the weights under the names that timm gives them. A .onnx file
    (`pip install 'task2vec[onnx]'`) goes from images of the expert's size, any number of them, to
    calibrated probabilities; its metadata says how an image is prepared and what the classes are.
    """
    earlier = in_place(file)
    with here.client() as client, bars() as progress:
        progress.add_task(f"exporting {model}", total=None)
        record = client.models.export(model, file)
    message = f"Wrote {record.name} to {file}{earlier}."
    answer(record, message, as_json=here.as_json, file=str(file))


@app.command()
@grouped
def remove(
    model: ModelArgument,
    cascade: Annotated[
        bool, typer.Option("--cascade", help="Remove its outcomes with it.")
    ] = False,
    *,
    here: Here,
) -> None:
    """Remove a model; an expert's checkpoint goes with it.

    Example: `task2vec models remove resnet18`
    """
    with here.client() as client:
        record = client.models.remove(model, cascade=cascade)
    answer(record, f"Removed {record.name}.", as_json=here.as_json)
