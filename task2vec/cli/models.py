"""The commands models add, list, published, show, export and remove."""

from pathlib import Path
from typing import Annotated

import typer

from task2vec.cli.bundles import bundled
from task2vec.cli.options import Here
from task2vec.cli.output import (
    in_place,
    messages,
    print_facts,
    print_json,
    print_next,
    print_table,
)
from task2vec.cli.progress import bars
from task2vec.cli.published import published
from task2vec.client.show.record import of_record

app = typer.Typer(no_args_is_help=True, help="Add, list or remove starting models.")

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="A model's name or id.")]


@app.command()
@bundled
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
    if here.as_json:
        print_json(record)
        return
    messages().print(f"Registered {record.name} ({record.ref}).")
    start = ["finetune", "SOURCE", "--from", record.name]
    print_next(["models", "show", record.name], start)


@app.command("list")
@bundled
def list_models(
    *,
    here: Here,
) -> None:
    """List the starting models; packaged ones are there from the start.

    Example: `task2vec models list`
    """
    with here.client() as client:
        models = list(client.models.list())
        experts = any(model.task for model in models) and not here.as_json
        names = {task.id: task.name for task in client.tasks.list()} if experts else {}
    if here.as_json:
        print_json({"models": models})
        return
    print_table(
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
    print_next(["models", "show", models[0].name], ["recommend", "TASK"])


app.command("published")(published)


@app.command("show")
@bundled
def show_model(
    model: ModelArgument,
    *,
    here: Here,
) -> None:
    """Show one starting model.

    Example: `task2vec models show efficientnet_lite0`
    """
    with here.client() as client:
        record = client.models.get(model)
    if here.as_json:
        print_json(record)
        return
    print_facts(of_record(record))


@app.command()
@bundled
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
    if here.as_json:
        print_json(record, file=str(file))
    else:
        messages().print(f"Wrote {record.name} to {file}{earlier}.")


@app.command()
@bundled
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
    if here.as_json:
        print_json(record)
    else:
        messages().print(f"Removed {record.name}.")
