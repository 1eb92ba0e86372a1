"""The command line: `python -m worker COMMAND …`, see `COMMANDS`; `--help` after any of them says more.

Exit codes: 0 done; 2 bad input, with one JSON line {"code", "message", "at_s", "detail"} on stderr; 1 our fault, with
the same line; 130 interrupted.
"""

import contextlib
import errno
import importlib
import logging
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Iterator
from types import FrameType
from typing import TextIO

from apps.core.failures import message_for
from apps.core.preflight_texts import warning_text
from worker.cli.options import StrictParser
from worker.cli.terminal import EXIT_BAD_INPUT, EXIT_INTERRUPTED, EXIT_OK, Terminal, quiet_streams
from worker.engine.failures import EngineFailure, FailureCode

COMMANDS = (
    "animate",
    "dub",
    "film",
    "lines",
    "track",
    "preflight",
    "reframe",
    "identify",
    "score",
    "bench",
    "marks",
    "certificate",
    "sheet",
    "thumbnail",
    "train",
)
EXIT_OUR_FAULT = 1
EXIT_BROKEN_PIPE = 141
_OUR_FAULTS = frozenset(
    {FailureCode.ENCODER_FAILED, FailureCode.ENGINE_CRASHED, FailureCode.INTERNAL, FailureCode.TIMED_OUT}
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    verbose = "--verbose" in words
    words = [word for word in words if word != "--verbose"]
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(_usage())
        return EXIT_OK if words else EXIT_BAD_INPUT
    with quiet_streams(keep_stderr=verbose) as (out, err):
        _quiet_python(err if verbose else None)
        terminal = Terminal(out, err, message_for, warning_text)
        try:
            with _interruptible(terminal):
                return _run(words, terminal)
        except EngineFailure as failure:
            terminal.fail_with(failure)
            return EXIT_OUR_FAULT if failure.code in _OUR_FAULTS else EXIT_BAD_INPUT
        except KeyboardInterrupt:
            terminal.fail(FailureCode.CANCELLED.value, at_s=None, detail={})
            return EXIT_INTERRUPTED
        except BrokenPipeError:  # whoever read our output has gone
            _abandon(out)
            return EXIT_BROKEN_PIPE
        except MemoryError:
            terminal.fail(FailureCode.OUT_OF_MEMORY.value, at_s=None, detail={})
            return EXIT_OUR_FAULT
        except Exception as error:  # noqa: BLE001 (the last resort: a sentence, never a stack trace)
            full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            if verbose:
                traceback.print_exc(file=err)
            code = FailureCode.DISK_FULL if full else FailureCode.INTERNAL
            terminal.fail(code.value, at_s=None, detail={})
            return EXIT_OUR_FAULT


def _run(words: list[str], terminal: Terminal) -> int:
    name = words[0]
    if name not in COMMANDS:
        reason = f"there is no command {name[:40]!r}; there are {', '.join(COMMANDS)}"
        raise EngineFailure(FailureCode.OPTION_INVALID, reason=reason)
    command = importlib.import_module(f"worker.cli.{name}")
    parser = StrictParser(prog=f"python -m worker {name}", description=command.HELP, allow_abbrev=False)
    command.add_arguments(parser)
    if any(word in ("-h", "--help") for word in words[1:2]):
        terminal.out.write(parser.format_help())
        return EXIT_OK
    return int(command.run(parser.parse_args(words[1:]), terminal))


def _usage() -> str:
    lines = [f"  {name:11} {importlib.import_module(f'worker.cli.{name}').HELP}" for name in COMMANDS]
    return "usage: python -m worker COMMAND … [--verbose]\n\n" + "\n".join(lines) + "\n\nCOMMAND --help says more.\n"


def _quiet_python(err: TextIO | None) -> None:
    """Python's own log lines and warnings go where the native ones go: nowhere, unless asked for."""
    if err is None:
        logging.disable(logging.CRITICAL)
        warnings.simplefilter("ignore")
    else:
        logging.basicConfig(level=logging.INFO, stream=err)


def _abandon(out: TextIO) -> None:
    """Let the buffered rest of a stream without a reader go nowhere, or closing it would fail once more."""
    with contextlib.suppress(OSError, ValueError):
        void = os.open(os.devnull, os.O_WRONLY)
        os.dup2(void, out.fileno())
        os.close(void)


@contextlib.contextmanager
def _interruptible(terminal: Terminal) -> Iterator[None]:
    """Ctrl-C and a polite kill raise KeyboardInterrupt, and are remembered where a callback swallows it."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        terminal.interrupted = True
        raise KeyboardInterrupt

    before = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(ValueError):  # not in the main thread, as in tests
                before[number] = signal.signal(number, interrupt)
        try:
            yield
        finally:
            if terminal.interrupted:  # whatever else came of it: success after a swallowed one, an encoder that fell
                raise KeyboardInterrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
