"""`adgen publish`: model, encoder and a Space to repositories of a hub."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adgen_pipeline.app import terminal

if TYPE_CHECKING:
    from adgen_pipeline.settings import Settings
    from adgen_pipeline.training.publish import Kind, Pushed, Upload

NAME = re.compile(r"(?:(model|encoder|index|space):)?([\w.-]+/[\w.-]+)")
UNBORN = "0" * 40  # the revision of what a dry run does not push


class Repository(click.ParamType[tuple[str, str]]):
    """[KIND:]OWNER/NAME."""

    name = "[KIND:]OWNER/NAME"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Kind and repository."""
        match = NAME.fullmatch(str(value))
        if match is None:
            self.fail(f"{value!r} is not [KIND:]OWNER/NAME, such as encoder:me/amharic-encoder.", param, ctx)
        return match[1] or "model", match[2]


@click.command(
    epilog=terminal.example(
        "adgen publish me/amharic-ads --dry-run             # the card, files and sizes; nothing is sent",
        "adgen publish me/amharic-ads encoder:me/amharic-encoder space:me/amharic-ads",
    )
)
@click.argument("repositories", metavar="REPO...", nargs=-1, required=True, type=Repository())
@click.option("--dry-run", is_flag=True, help="Only show what would be pushed.")
@click.option("--public", is_flag=True, help="Repositories that everybody may read; private if not given.")
@click.option("--with-index", is_flag=True, help="Confirm that index:OWNER/NAME gets posts of channels.")
@click.option("--licence", metavar="ID", help="The model's licence as the hub calls it, if it is not known.")
@click.option("--encoder-licence", metavar="ID", help="The same of an encoder that was not trained here.")
@terminal.recipe_option
@terminal.data_option
@terminal.json_option
def publish(
    repositories: tuple[tuple["Kind", str], ...],
    dry_run: bool,
    public: bool,
    with_index: bool,
    licence: str | None,
    encoder_licence: str | None,
    recipe: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Push the model, its encoder and a Space (API and page) to a hub.

    Each REPO is OWNER/NAME of a model, or encoder:, space: or index:OWNER/NAME. Model and encoder get a card with
    data, licence of the base, recipe, scores and limits. HF_TOKEN must hold a token with write access. What the hub
    has already is not sent again.

    An index holds other people's posts. It is pushed only if --with-index says so, and to a private repository alone.
    """
    from adgen_pipeline.errors import HubError, SettingsError
    from adgen_pipeline.settings import Settings, use_plain_transfers

    use_plain_transfers()
    named = dict(repositories)
    if len(named) != len(repositories):
        raise click.UsageError("Name one repository of each kind.")
    if ("index" in named) != with_index or (with_index and public):
        raise HubError(
            "An index holds posts of channels word for word. Name index:OWNER/NAME and say --with-index to push it to "
            "a private repository; with --public it cannot be pushed."
        )
    settings = Settings.from_environment(data=data, recipe=Path(recipe) if recipe else None)
    if not dry_run and settings.hub_token is None:
        raise SettingsError(
            "HF_TOKEN is not set. Set it to a token of the hub with write access, or say --dry-run."
        )
    with terminal.stdout_for_results():
        done = _pushed(settings, named, (licence, encoder_licence), dry_run=dry_run, is_public=public)
    if as_json:
        terminal.emit_json([_told(upload, pushed, dry_run=dry_run) for upload, pushed in done])
        return
    for upload, pushed in done:
        click.echo(_shown(upload) if dry_run else _said(pushed))


def _pushed(
    settings: "Settings",
    named: dict["Kind", str],
    licences: tuple[str | None, str | None],
    *,
    dry_run: bool,
    is_public: bool,
) -> "list[tuple[Upload, Pushed]]":
    """Each upload and what pushing it did. All are put together, and looked at, before the first one is sent."""
    from adgen_pipeline.app import publishing
    from adgen_pipeline.app.space_folder import part, space_upload
    from adgen_pipeline.artifacts import Store
    from adgen_pipeline.locks import exclusive
    from adgen_pipeline.recipe import load_recipe
    from adgen_pipeline.settings import PROJECT_ROOT
    from adgen_pipeline.training.publish import Pushed, push

    store, recipe = Store(settings.data), load_recipe(settings.recipe_path)

    def send(upload: "Upload") -> "Pushed":
        if dry_run:
            return Pushed(upload.kind, upload.repo, UNBORN, is_changed=True)
        return push(
            upload,
            url=settings.hub_url,
            token=settings.hub_token or "",
            is_public=is_public,
            report=terminal.report,
        )

    def space(revisions: "dict[Kind, str]") -> "Upload":
        parts = {kind: part(store, upload, revision=revisions[kind]) for kind, upload in uploads.items()}
        return space_upload(PROJECT_ROOT, named["space"], recipe, parts)

    with exclusive(settings.data, report=terminal.report):
        uploads = publishing.uploads(store, named, licence=licences[0], encoder_licence=licences[1])
        if "space" in named:
            space(dict.fromkeys(uploads, UNBORN))
        done = [(upload, send(upload)) for upload in uploads.values()]
        if "space" in named:  # it names the commits of the others
            upload = space({each.kind: pushed.commit for each, pushed in done})
            done.append((upload, send(upload)))
    return done


def _told(upload: "Upload", pushed: "Pushed", *, dry_run: bool) -> dict[str, object]:
    return {
        "kind": upload.kind,
        "repository": upload.repo,
        "type": upload.repo_type,
        "files": upload.sizes,
        "card": upload.card,
        "commit": None if dry_run else pushed.commit,
        "url": None if dry_run else pushed.url,
        "changed": None if dry_run else pushed.is_changed,
    }


def _said(pushed: "Pushed") -> str:
    changed = "pushed" if pushed.is_changed else "was there already"
    return f"{pushed.kind:8} {pushed.url}  {changed}, commit {pushed.commit[:12]}"


def _shown(upload: "Upload") -> str:
    """What a dry run says of a repository: the card, then its files; the Space's package as one line."""
    package = {name: size for name, size in upload.sizes.items() if name.startswith("adgen_pipeline/")}
    listed = {name: size for name, size in upload.sizes.items() if name not in package}
    if package:
        listed[f"adgen_pipeline/ ({len(package)} files)"] = sum(package.values())
    lines = [f"{size:>14,}  {name}" for name, size in listed.items()]
    total = f"{sum(upload.sizes.values()):>14,}  bytes in {len(upload.sizes)} files"
    return "\n".join([f"{upload.kind} → {upload.repo_type} {upload.repo}", *lines, total, "", upload.card])
