"""`adgen recipe`: is a recipe right, and what does it say."""

from pathlib import Path

import click

from adgen_pipeline.app import terminal


@click.group(cls=terminal.Group)
def recipe() -> None:
    """Check a recipe; show it with its defaults."""


@recipe.command(epilog=terminal.example("adgen recipe check recipes/gemma-270m.yaml"))
@click.argument("recipe_name", metavar="[RECIPE]", required=False)
@terminal.json_option
def check(recipe_name: str | None, as_json: bool) -> None:
    """Check RECIPE (a file, or a name in recipes/): all problems at once, exit 1 if there are any."""
    from adgen_pipeline.recipe import load_recipe

    path = _path(recipe_name)
    loaded = load_recipe(path)
    if as_json:
        terminal.emit_json({"path": str(path), "name": loaded.name, "digest": loaded.digest(), "valid": True})
    else:
        click.echo(f"{path}: valid ({loaded.name}, digest {loaded.digest()}).")


@recipe.command(epilog=terminal.example("adgen recipe show demo"))
@click.argument("recipe_name", metavar="[RECIPE]", required=False)
@terminal.json_option
def show(recipe_name: str | None, as_json: bool) -> None:
    """Print RECIPE with every default filled in."""
    import yaml

    from adgen_pipeline.recipe import load_recipe

    values = load_recipe(_path(recipe_name)).model_dump(mode="json")
    if as_json:
        terminal.emit_json(values)
    else:
        click.echo(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), nl=False)


def _path(recipe_name: str | None) -> Path:
    from adgen_pipeline.settings import Settings

    return Settings.from_environment(recipe=Path(recipe_name) if recipe_name else None).recipe_path
