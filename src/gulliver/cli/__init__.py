"""The command line: one file a command; nothing heavy is imported until a command runs."""

import errno
import sys

STOPPED = 130


def main() -> None:
    """Run the command line. A user's mistake prints one sentence and exits with 2."""
    from gulliver.cli.app import app
    from gulliver.errors import GulliverError

    try:
        app()
    except GulliverError as error:
        print(f"gulliver: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(_stopped()) from None
    except SystemExit as end:
        if end.code == STOPPED:  # typer makes this of Ctrl-C, without a word
            _stopped()
        raise
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None
    except OSError as error:  # the user's disk, folders and rights; a bug seldom comes as one
        print(f"gulliver: {_trouble(error)}", file=sys.stderr)
        raise SystemExit(2) from None


def _stopped() -> int:
    print("gulliver: stopped; all finished answers are kept, run the same command to go on.", file=sys.stderr)
    return STOPPED


def _trouble(error: OSError) -> str:
    what = error.filename2 or error.filename or "A file"
    if error.errno == errno.ENOSPC:
        return f"The disk is full: {what} could not be written; free some space and run the same command again: all finished answers are kept."
    return f"{what} cannot be used ({error.strerror or error}); check the path and your rights to it."
