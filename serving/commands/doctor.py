"""`leadline doctor`."""

from __future__ import annotations

import click

from core.installation import Installation
from core.options import data_option, json_option

_MARKS = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}


@click.command()
@data_option()
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Where to look for the api, if not where it runs."
)
@json_option
@click.pass_context
def doctor(
    context: click.Context, installation: Installation, port: int | None, as_json: bool
) -> None:
    """Check every dependency, setting and store; say what to do. Exit code 1 if one is wrong."""
    import msgspec

    from serving.running.diagnosis import examine

    findings = []
    for finding in examine(installation, port):
        findings.append(finding)
        if not as_json:
            click.echo(f"{_MARKS[finding.state]} {finding.subject:16} {finding.told}")
            if finding.do:
                click.echo(f"{'':23}{finding.do}")
    if as_json:
        click.echo(msgspec.json.encode(findings).decode())
    context.exit(int(any(finding.state == "wrong" for finding in findings)))
