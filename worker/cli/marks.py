"""`marks`: how well the hidden mark and the content credentials do, measured. A table for people, or JSON."""

import argparse

from worker.cli.terminal import EXIT_OK, Terminal

HELP = "measure how well the marks survive, and what they cost"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from worker.bench_marks import add_marks_arguments

    add_marks_arguments(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    from worker.bench_marks import marks_command, table

    is_watched = terminal.err.isatty()

    def tell(step: str) -> None:
        if is_watched:
            terminal.status(step)

    report = marks_command(options, tell)
    tell("")
    if options.json:
        terminal.emit(report)
    else:
        terminal.out.write(table(report))
    return EXIT_OK
