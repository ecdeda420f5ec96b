"""What commands say about a long look into the topics: its progress, and where it stopped short. On standard error."""

import time

import click

from gateway.kafka.delivery_log import LogReport
from gateway.wire.moments import describe_moment

_INTERVAL_S = 2.0


class ScanProgress:
    """Prints a line now and then; a look that takes no time prints nothing."""

    def __init__(self) -> None:
        self._printed_at = time.monotonic()

    def __call__(self, read: int, total: int) -> None:
        """Note how far the look is.

        Args:
            read: the records read.
            total: the records there are to read.
        """
        if time.monotonic() - self._printed_at >= _INTERVAL_S:
            self._printed_at = time.monotonic()
            click.echo(f"read {read:,} of {total:,} records", err=True)


def looked_back(report: LogReport) -> str:
    """Say how far a look really went, for a message that something was not found."""
    since = f"since {describe_moment(report.scan.since_ms)}" if report.scan.since_ms else "in all that the topics keep"
    if report.scan.out_of_time:
        return f"in the part read {since}: there was no time to read it all"
    if report.scan.narrowed:
        return f"{since}: further back there is too much to read"
    return since


def warn_if_partial(report: LogReport, *, omitted: int = 0) -> None:
    """Say on standard error why what is shown may not be everything.

    Args:
        report: what was looked at.
        omitted: how many older ones that were found are left out.
    """
    scan = report.scan
    if omitted:
        click.echo(f"note: only the newest are shown; {omitted:,} older ones are left out", err=True)
    if scan.narrowed:
        click.echo(f"note: too much to read; only looked back to {describe_moment(scan.since_ms)}", err=True)
    if scan.out_of_time:
        click.echo(f"note: out of time after {scan.records:,} records; what is shown is a part", err=True)
    if report.undecodable:
        click.echo(f"note: {report.undecodable:,} records could not be decoded and are left out", err=True)
