"""The commands of `python -m worker`, one file each: `add_arguments(parser)` and `run(options, terminal) -> exit code`.

A command's module is imported when it is asked for, and imports what is heavy when it runs.
"""
