"""The command ``hallway``: parses arguments, runs the command, returns the exit code.

Responsibility: the exit codes: 0, also if events were rejected; 1 if a check failed; 2 for unusable arguments or input;
130 after Ctrl-C.
Invariants: no traceback for what a user can fix; a broken invariant still crashes.
"""

import errno
import sys
from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App, CycloptsError

from services.cli import demo, serve
from services.cli.kafka import backfill, local_kafka, tail, topics, work
from services.cli.logs import export as export_command
from services.cli.logs import fold as fold_commands
from services.cli.logs import simulate as other_commands
from services.cli.logs.summary import say
from services.cli.operator import audit, dead_letters, inboxes, keys
from services.cli.streams.standard_streams import ConsoleOutput, discard_stdout, guard_standard_streams
from services.usage_errors import INTERRUPTED, UNUSABLE, UnusableError

app = App(
    name="hallway",
    help="Which of the people I talk to online are here? Hallway matches them at a conference.",
    help_epilogue="New here? Try `hallway demo`. Each command explains itself, as in `hallway replay --help`.",
    version=f"hallway {version('hallway')}",
    help_format="plaintext",
    result_action="return_value",
    console=ConsoleOutput(),
)
app.command(fold_commands.replay, usage="Usage: hallway replay INPUT... [OPTIONS]")
app.command(fold_commands.ties, usage="Usage: hallway ties INPUT... --conference ID [OPTIONS]")
app.command(fold_commands.explain, usage="Usage: hallway explain INPUT... --conference ID A B [OPTIONS]")
app.command(other_commands.simulate)
app.command(other_commands.schema)
app.command(demo.demo)
app.command(serve.serve)
app.command(keys.app)
app.command(audit.audit)
app.command(local_kafka.app)
app.command(topics.app)
app.command(export_command.export, usage="Usage: hallway export INPUT... [OPTIONS]")
app.command(backfill.backfill)
app.command(tail.tail)
app.command(dead_letters.app)
app.command(inboxes.app)
app.command(work.work, usage="Usage: hallway work router|matcher|delivery --kafka HOST:PORT [OPTIONS]")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit code."""
    if arguments is None:
        guard_standard_streams()
    command_line = sys.argv[1:] if arguments is None else arguments
    try:
        return int(app(command_line, exit_on_error=False, print_error=False) or 0)
    except CycloptsError as error:
        command = f"{command_line[0]} " if command_line and command_line[0] in app else ""
        say(f"{error} See `hallway {command}--help`.", "red")
        return UNUSABLE
    except UnusableError as error:
        say(str(error), "red")
        return UNUSABLE
    except BrokenPipeError:  # the reader of our output (such as ``head``) has enough: not an error
        discard_stdout()
        return 0
    except OSError as error:  # a full disk, a file that disappeared: not a bug
        discard_stdout()
        reason = "it is closed" if error.errno == errno.EBADF else error.strerror or error
        say(f"{error.filename or 'The output'}: {reason}. Nothing more was written.", "red")
        return UNUSABLE
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
