"""A PostgreSQL server of one's own, for tests and measurements: real, in a temporary folder, on a unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

OWNERS = ("postgres", "nobody")
"""Who runs the server where the tests run as root, which PostgreSQL refuses to be."""


def programs() -> Path | None:
    """The folder of the server's programs; ``None`` where there is none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if (elsewhere := shutil.which("initdb")) is not None:
        found.append(Path(elsewhere).resolve().parent)
    return max(found, key=lambda path: path.parts, default=None)


class Server:
    """
    A running server.

    Args:
        folder: of its programs.
        home: an empty folder that its owner may write.
        owner: arguments of ``subprocess.run`` that make it another user.
    """

    def __init__(self, folder: Path, home: Path, owner: dict[str, object]) -> None:
        self.folder, self.home, self.owner = folder, home, owner
        self.run("initdb", "--username=oversight", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")

    def run(self, program: str, *arguments: str) -> None:
        """Run one of its programs as its owner."""
        command = [str(self.folder / program), f"--pgdata={self.home / 'data'}", *arguments]
        with open(self.home.parent / f"{self.home.name}.log", "ab") as log:
            subprocess.run(command, check=True, cwd=self.home, stdout=log, stderr=log, **self.owner)  # type: ignore[call-overload]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.home}"
        self.run("pg_ctl", "start", "--wait", f"--options={options}", f"--log={self.home / 'server.log'}")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; ``immediate`` is as if it crashed."""
        self.run("pg_ctl", "stop", "--wait", f"--mode={mode}")

    def url(self, schema: str = "public") -> str:
        """The URL of a record in a schema of its own, which must be there."""
        asked = {"host": str(self.home), "user": "oversight", "options": f"-csearch_path={schema}"}
        return f"postgresql:///postgres?{urlencode(asked)}"


@contextmanager
def running() -> Iterator[Server]:
    """
    A server, until it is no longer wanted.

    Raises:
        LookupError: no server is installed, or nobody may run one; says what to do.
    """
    folder = programs()
    if folder is None:
        raise LookupError("no PostgreSQL server is installed: apt-get install postgresql")
    owner: dict[str, object] = {}
    home = Path(tempfile.mkdtemp(prefix="oversight-server-", dir="/tmp"))  # a socket's path has to be short
    if os.geteuid() == 0:
        users = [user for user in pwd.getpwall() if user.pw_name in OWNERS]
        if not users:
            raise LookupError(f"PostgreSQL does not run as root, and there is no user called {' or '.join(OWNERS)}")
        user = min(users, key=lambda user: OWNERS.index(user.pw_name))
        owner = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(home, user.pw_uid, user.pw_gid)
    try:
        server = Server(folder, home, owner)
        server.start()
        try:
            yield server
        finally:
            with suppress(subprocess.CalledProcessError):  # it may have been stopped
                server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)
        Path(f"{home}.log").unlink(missing_ok=True)
