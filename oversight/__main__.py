"""``python -m oversight``: the commands."""

import sys

from oversight.cli import command

if __name__ == "__main__":
    sys.exit(command())
