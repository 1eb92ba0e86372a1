"""`bench`: speed and memory as ratios within one run. One JSON object on stdout."""

import argparse

from worker.cli.terminal import EXIT_OK, Terminal

HELP = "measure speed and memory"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from worker.bench import add_bench_arguments

    add_bench_arguments(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    from worker.bench import bench_command

    terminal.emit(bench_command(options))
    return EXIT_OK
