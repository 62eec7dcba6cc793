"""``snnctl recipes``: what recipes there are, what one comes to, whether it is valid, and one to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snnctl.cli.recipe_files import recipe_paths, template_names

app = typer.Typer(help="List, show, check and begin recipes.", no_args_is_help=True)

DEFAULT_FOLDER = Path("recipes")
INVALID = 6

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="STEP.KEY=VALUE", help="Set an option or a variable (NAME=VALUE). Repeatable."),
]


@app.command("list", help="List the recipes of a folder, and the templates of `snnctl recipes init`.")
def list_recipes(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Folder; recipes/ by default, if there is one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print one line per recipe."""
    from snnctl.cli.installed import installed
    from snnctl.cli.recipe_states import as_data, state_of, state_row
    from snnctl.cli.tables import listing, print_json, stdout
    from snnctl.recipes.library import recipe_files, templates

    registry = installed()
    chosen = folder or DEFAULT_FOLDER
    files = recipe_files(chosen) if folder is not None or chosen.is_dir() else []
    recipes = [state_of(str(path), path, [], registry) for path in files]
    ready = [state_of(name, path, [], registry) for name, path in templates().items()]
    if as_json:
        print_json({"recipes": [as_data(each) for each in recipes], "templates": [as_data(each) for each in ready]})
        return
    console = stdout()
    heads = ("recipe", "steps", "variants", "state", "description")
    if recipes:
        console.print(listing(heads, [state_row(each) for each in recipes]))
    else:
        console.print(f"no recipes in {chosen}/", soft_wrap=True)
    console.print("templates, for `snnctl recipes init --from`:", soft_wrap=True)
    console.print(listing(("template", *heads[1:]), [state_row(each) for each in ready]))


@app.command("show", help="Show what a recipe comes to: bases, variables, defaults and settings filled in.")
def show_recipe(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="YAML file, or a template.", autocompletion=template_names)
    ],
    settings: Settings = None,
    variant: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a recipe with a matrix: the steps of one combination.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the resolved recipe as YAML."""
    from snnctl.cli.installed import installed
    from snnctl.cli.recipe_states import chosen_variant, show_yaml
    from snnctl.cli.tables import print_json
    from snnctl.recipes import make_plan, parse_settings
    from snnctl.recipes.library import templates

    path = templates().get(recipe, Path(recipe)) if not Path(recipe).exists() else Path(recipe)
    plan = make_plan(path, parse_settings(settings or []), installed())
    resolved = plan.resolved(chosen_variant(plan, variant))
    names = [each.name for each in plan.variants] if plan.has_matrix and variant is None else []
    if as_json:
        print_json({**resolved, "variants": names} if names else resolved)
    else:
        show_yaml(resolved, names)


@app.command("validate", help="Check recipes without running anything; exit code 6 if one is wrong.")
def validate_recipes(
    recipes: Annotated[
        list[Path], typer.Argument(metavar="RECIPE...", help="YAML files.", autocompletion=recipe_paths)
    ],
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Print everything that is wrong with each; a variable that is still to be set is no mistake."""
    from snnctl.cli.installed import installed
    from snnctl.cli.recipe_states import as_data, show_state, state_of
    from snnctl.cli.tables import print_json
    from snnctl.recipes import parse_settings

    given = parse_settings(settings or [])
    states = [state_of(str(path), path, given, installed()) for path in recipes]
    valid = not any(state.problems for state in states)
    if as_json:
        print_json({"valid": valid, "recipes": [as_data(state) for state in states]})
    else:
        for state in states:
            show_state(state)
    if not valid:
        raise typer.Exit(INVALID)


@app.command("init", help="Write a recipe to begin with, and beside it the schema that lets an editor help.")
def init_recipe(
    path: Annotated[Path, typer.Argument(metavar="[PATH]", help="File to write.", autocompletion=recipe_paths)] = Path(
        "recipe.yaml"
    ),
    template: Annotated[
        str,
        typer.Option("--from", metavar="TEMPLATE", help="Template or recipe's file.", autocompletion=template_names),
    ] = "starter",
) -> None:
    """Refuses to overwrite anything but an older schema."""
    from snnctl.cli.installed import installed
    from snnctl.cli.tables import stdout
    from snnctl.recipes.beginning import begin_recipe
    from snnctl.recipes.library import template_or_file

    schema = begin_recipe(path, template_or_file(template), installed())
    console = stdout()
    console.print(f"written: {path}, and {schema} for editors", soft_wrap=True)
    console.print(f"next: snnctl run {path} --dry-run", soft_wrap=True)


@app.command("schema", help="Print the JSON Schema of recipes, with the options of the plugins that are installed.")
def schema(
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write, in place of an older schema only.")
    ] = None,
) -> None:
    """For editors: they complete names and options, and underline what is wrong."""
    from snnctl.cli.installed import installed
    from snnctl.recipes.beginning import schema_text, write_schema

    if out is None:
        print(schema_text(installed()), end="")
        return
    write_schema(out, installed())
    print(f"written: {out}")
