"""The commands models add, list, show and remove."""

from typing import Annotated

import typer
from rich.text import Text

from task2vec.cli.options import DEFAULT_STORE, JsonOption, StoreOption, open_workspace
from task2vec.cli.output import console, messages, print_json, print_table, show

app = typer.Typer(no_args_is_help=True, help="The zoo of starting models.")

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="A model's name or id.")]


@app.command()
def add(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF",
            help="`timm:NAME[@COMMIT]`, `hf-hub:ORG/NAME[@COMMIT]` or "
            "`file:PATH.safetensors?arch=NAME`.",
        ),
    ],
    name: Annotated[str | None, typer.Option(help="Default: the reference's own name.")] = None,
    task: Annotated[
        str | None, typer.Option(help="The stored task that it was fine-tuned on.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Register a starting model."""
    from task2vec.service.zoo import add_model

    with open_workspace(store) as workspace:
        record = add_model(workspace, ref, name=name, task=task)
    if as_json:
        print_json(record.to_json())
    else:
        messages().print(f"Registered {record.name} ({record.ref}).")


@app.command("list")
def list_models(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """List the starting models; packaged ones are there from the start."""
    from task2vec.service.zoo import expert_names
    from task2vec.service.zoo import list_models as run

    with open_workspace(store) as workspace:
        models = run(workspace)
        names = expert_names(workspace)
    if as_json:
        print_json({"models": [model.to_json() for model in models]})
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
    )


@app.command("show")
def show_model(
    model: ModelArgument, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False
) -> None:
    """Show one starting model."""
    from task2vec.service.zoo import get_model

    with open_workspace(store) as workspace:
        record = get_model(workspace, model)
    if as_json:
        print_json(record.to_json())
        return
    for key, value in record.to_json().items():
        console().print(Text.assemble((f"{key:<12}", "bold"), f"  {show(value)}"), soft_wrap=True)


@app.command()
def remove(
    model: ModelArgument,
    cascade: Annotated[
        bool, typer.Option("--cascade", help="Remove its outcomes with it.")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Remove a model; an expert's checkpoint goes with it."""
    from task2vec.service.zoo import remove_model

    with open_workspace(store) as workspace:
        record = remove_model(workspace, model, cascade=cascade)
    if as_json:
        print_json(record.to_json())
    else:
        messages().print(f"Removed {record.name}.")
