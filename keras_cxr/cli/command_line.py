"""The command as the user typed it."""

import shlex

import click


def command_line() -> str:
    """The running command in one line for a shell; '' where the program was not started by ``cli.main``."""
    arguments = click.get_current_context().obj
    return shlex.join(["keras-cxr", *arguments]) if arguments else ""
