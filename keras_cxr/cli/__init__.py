"""The command line: ``keras-cxr COMMAND``. TensorFlow is loaded when a command has work for it, not before."""

import errno
import importlib
import os
import sys
from collections.abc import Sequence

import click

from keras_cxr import __version__
from keras_cxr.errors import CxrError, unknown_name

COMMANDS = (
    "audit",
    "train",
    "crossval",
    "leave-one-out",
    "evaluate",
    "compare",
    "report",
    "predict",
    "gradcam",
    "explain",
    "filters",
    "embed",
    "optimize",
    "convert",
    "lungs",
    "anomaly",
    "models",
    "recipes",
    "import-weights",
    "phantom",
    "cache",
)


class LazyGroup(click.Group):
    """Loads a command's module when the command is asked for: one file a command, named after it."""

    def list_commands(self, context: click.Context) -> list[str]:
        """The commands in the order of their use."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Load a command.

        Raises:
            UsageError: There is none of that name.
        """
        if name not in COMMANDS:
            raise unknown_name("command", name, COMMANDS)
        module = name.replace("-", "_")
        return getattr(importlib.import_module(f"keras_cxr.cli.{module}"), module)


def _print_version(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if not asked or context.resilient_parsing:
        return
    from keras_cxr.cli.tensorflow import load_tensorflow

    load_tensorflow()
    import keras
    import tensorflow as tf

    gpus = [
        tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    click.echo(f"keras-cxr {__version__}, TensorFlow {tf.__version__}, Keras {keras.__version__}")
    click.echo(f"Devices: {os.cpu_count()} CPU cores, {', '.join(gpus) if gpus else 'no GPU'}")
    context.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the versions of keras-cxr, TensorFlow and Keras and the visible devices.",
)
def program() -> None:
    """Chest X-ray classification with Keras: train, evaluate honestly, predict a folder, explain.

    For research, not for diagnosis.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. A user's mistake is one line on standard
        error, never a traceback.
    """
    # Handed on for the record of what was run.
    typed = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = program.main(args=None if arguments is None else typed, standalone_mode=False, obj=typed)
    except click.exceptions.NoArgsIsHelpError as fault:
        fault.show()
        return fault.exit_code
    except click.ClickException as fault:
        context = getattr(fault, "ctx", None)
        hint = f" Try '{context.command_path} --help'." if context else ""
        return _fail(fault.format_message().rstrip() + hint, fault.exit_code)
    except click.Abort:
        return _fail("Interrupted.", 130)
    except CxrError as fault:
        return _fail(str(fault), fault.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as fault:
        return _fail(_about_files(fault), 1)
    except MemoryError:
        return _fail("Out of memory. Try a smaller --batch-size or --size.", 1)
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int) -> int:
    click.echo(f"Error: {message}", err=True)
    return code


def _about_files(fault: OSError) -> str:
    name = f" '{fault.filename}'" if fault.filename else ""
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"No space left on the disk while writing{name}. Free some, then run the same command again."
    return f"{fault.strerror or fault}:{name or ' (no file named)'}."
