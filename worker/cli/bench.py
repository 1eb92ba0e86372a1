"""`bench`: speed and memory as ratios within one run. One JSON object on stdout."""

import argparse

from worker.cli.terminal import EXIT_OK, Terminal

HELP = "measure speed and memory"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from worker.bench import add_bench_arguments
    from worker.bench_dub import add_dub_arguments

    parser.add_argument(
        "what", nargs="?", default="photo", choices=("photo", "dub", "preflight"), help="default: photo"
    )
    add_bench_arguments(parser)
    add_dub_arguments(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    if options.what == "dub":
        from worker.bench_dub import bench_dub

        terminal.emit(bench_dub(options))
        return EXIT_OK
    if options.what == "preflight":
        from worker.bench_clip import bench_preflight

        terminal.emit(bench_preflight(options))
        return EXIT_OK
    from worker.bench import bench_command

    terminal.emit(bench_command(options))
    return EXIT_OK
