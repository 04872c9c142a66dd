"""Every command, mounted."""

import typer

from gulliver.cli.agreement import agreement
from gulliver.cli.calibration import calibration
from gulliver.cli.cascade import cascade
from gulliver.cli.compare import compare
from gulliver.cli.curves import curves
from gulliver.cli.doctor import doctor
from gulliver.cli.find import find
from gulliver.cli.frontier import frontier
from gulliver.cli.head import head
from gulliver.cli.index import index
from gulliver.cli.ladder import ladder
from gulliver.cli.laws import app as laws
from gulliver.cli.load import load
from gulliver.cli.models import app as models
from gulliver.cli.papers import papers
from gulliver.cli.report import report
from gulliver.cli.reproduce import reproduce
from gulliver.cli.runs import runs
from gulliver.cli.serve import serve
from gulliver.cli.show import show
from gulliver.cli.store import app as store
from gulliver.cli.strategies import strategies
from gulliver.cli.tasks import tasks
from gulliver.cli.transforms import transforms
from gulliver.cli.verifier import verifier
from gulliver.cli.view import view

app = typer.Typer(
    name="gulliver",
    help="How small can the language model for this job be?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # the plain help starts in half the time
)
app.command()(find)
app.command()(runs)
app.command()(show)
app.command()(compare)
app.command()(curves)
app.command()(frontier)
app.command()(calibration)
app.command()(cascade)
app.command()(head)
app.command()(report)
app.command()(view)
app.command()(serve)
app.command()(load)
app.add_typer(models, name="models", help="The models there are: list, pull, show.")
app.add_typer(store, name="store", help="The answers that are kept: stats, prune, export.")
app.add_typer(laws, name="laws", help="How a quantity moves with scale: list, fit.")
app.command()(ladder)
app.command()(index)
app.command()(tasks)
app.command()(agreement)
app.command()(strategies)
app.command()(verifier)
app.command()(transforms)
app.command()(papers)
app.command()(reproduce)
app.command()(doctor)


@app.callback(invoke_without_command=True)
def _version(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("gulliver"))
        raise typer.Exit
