"""
Put pip into a virtual environment that was made without it.

Debian keeps what Python needs for that (``ensurepip``) in a package of its own. Run by the environment's
Python, this fetches one fixed version from the package index (``PIP_INDEX_URL``, else PyPI) and refuses any
other content.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import urlopen

WHEEL = "pip-25.2-py3-none-any.whl"
SHA256 = "6d67a2b4e7f14d8b31b8b52648866fa717f45a1eb70e83002f4331d07e953717"
SECONDS = 60


def fetched() -> bytes:
    """
    The wheel.

    Raises:
        OSError: the index cannot be reached.
        ValueError: it does not have the wheel, or has another one under its name.
    """
    page = urljoin(os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/", "pip/")
    with urlopen(page, timeout=SECONDS) as answer:
        link = re.search(rf'href="([^"#]*{re.escape(WHEEL)})', answer.read().decode())
    if link is None:
        raise ValueError(f"{page} has no {WHEEL}")
    with urlopen(urljoin(page, link.group(1)), timeout=SECONDS) as answer:
        wheel: bytes = answer.read()
    if hashlib.sha256(wheel).hexdigest() != SHA256:
        raise ValueError(f"{WHEEL} of {page} is not the one that was published")
    return wheel


def main() -> int:
    """Fetch pip and let it install itself."""
    try:
        wheel = fetched()
    except (OSError, ValueError) as error:
        sys.exit(f"pip could not be fetched: {error}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / WHEEL
        path.write_bytes(wheel)
        command = [sys.executable, f"{path}/pip", "install", "--quiet", "--no-index", path]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
