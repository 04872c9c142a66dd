"""The command line: one file a command; nothing heavy is imported until a command runs."""

import sys


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
        print("gulliver: stopped; what was finished is kept, run the same command to go on.", file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None
