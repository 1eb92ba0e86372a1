"""`train NAME …`: run one of the training commands in `worker/train`; what follows the name is passed on to it."""

import argparse
import contextlib
import importlib
from pathlib import Path

from worker.cli.terminal import Terminal
from worker.engine.failures import EngineFailure, FailureCode

HELP = "train the weights that ship with the engine"
_FOLDER = Path(__file__).resolve().parent.parent / "train"


def training_names() -> list[str]:
    """What can be trained: the modules of `worker/train` that have a `main`."""
    files = sorted(path for path in _FOLDER.glob("*.py") if "\ndef main(" in path.read_text(encoding="utf-8"))
    return [path.stem.replace("_", "-") for path in files]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=training_names(), help="what to train")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="options of that training")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    module = importlib.import_module(f"worker.train.{options.name.replace('-', '_')}")
    # people watch a training for an hour, so what it says goes to the terminal
    with contextlib.redirect_stdout(terminal.out), contextlib.redirect_stderr(terminal.err):
        try:
            return int(module.main(options.rest) or 0)
        except SystemExit as stop:  # its own argparse
            if stop.code in (0, None):
                return 0
            raise EngineFailure(FailureCode.OPTION_INVALID, option=options.name, reason="see its --help") from stop
