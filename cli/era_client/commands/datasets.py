"""`era datasets …`: look at datasets, send folders and fetch them, say who may see them."""

import typer

from era_client.commands import dataset_changes, dataset_files, dataset_views
from era_client.commands.base import command


def add(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Datasets: versions of files that jobs read.")
    command(group, "ls")(dataset_views.list_datasets)
    command(group, "search")(dataset_views.search)
    command(group, "show")(dataset_views.show)
    command(group, "diff")(dataset_views.diff)
    command(group, "push")(dataset_files.push)
    command(group, "pull")(dataset_files.pull)
    command(group, "publish")(dataset_changes.publish)
    command(group, "describe")(dataset_changes.describe)
    command(group, "share")(dataset_changes.share)
    command(group, "rm")(dataset_changes.remove)
    app.add_typer(group, name="datasets")
