"""
Syslog over TCP and TLS: frames that say their length (RFC 6587, RFC 5425), sent again where a connection broke.

What waits is bounded. While a receiver is away, messages wait until there are as many as may; then the run waits too,
and ends with an error where nobody comes back. Syslog has no receipts: what the receiver's machine had taken when it
broke down is not sent again.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from attrs import frozen

from oversight.ground.text import printable, were
from oversight.outlets.syslog import framed
from oversight.runner.sinks import SCHEMES, SinkError

TLS_PORT = 6514
MOST, PATIENCE, ANSWER, FAREWELL = 1_000, 60.0, 10.0, 2.0
_FIRST, _LONGEST = 0.25, 8.0


@frozen
class Address:
    """Where a receiver listens: ``tls`` or ``tcp``, a host and a port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """
        Read ``tcp://HOST:PORT`` or ``tls://HOST[:PORT]``.

        Raises:
            SinkError: it is neither.

        >>> str(Address.parse("tls://log.example"))
        'tls://log.example:6514'
        """
        shown = printable(text)
        try:
            parts = urlsplit(text)
            port = parts.port
            (parts.hostname or "").encode("idna")
        except ValueError as error:
            raise SinkError(f"--out {shown}: {printable(str(error)).lower()}") from None
        more = parts.path or parts.query or parts.fragment or parts.username is not None
        if parts.scheme not in SCHEMES or not parts.hostname or more:
            raise SinkError(f"--out {shown}: a receiver is tcp://HOST:PORT or tls://HOST:PORT")
        if port is None and parts.scheme == "tcp":
            raise SinkError(f"--out {shown}: name the port too, as tcp://{parts.hostname}:601")
        return cls(parts.scheme, parts.hostname, TLS_PORT if port is None else port)


def trusting(authority: str | None, own: str | None = None) -> ssl.SSLContext:
    """
    How to tell whether a receiver is who it says.

    Args:
        authority: a PEM file of certificates to trust; those of the system where left out.
        own: a PEM file with a certificate and its key, by which the receiver knows this side.

    Raises:
        SinkError: a file cannot be read, or holds none.
    """
    for option, path in (("--tls-ca", authority), ("--tls-cert", own)):
        try:
            if option == "--tls-ca":
                context = ssl.create_default_context(cafile=path)
            elif path is not None:
                context.load_cert_chain(path)
        except (OSError, ssl.SSLError) as error:
            said = "holds no certificate that can be read" if isinstance(error, ssl.SSLError) else error.strerror
            raise SinkError(f"{option} {printable(str(path))}: {str(said).lower()}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Remote:
    """
    A receiver of syslog messages.

    Args:
        address: where it listens.
        say: told when the connection breaks and when it is there again.
        context: for TLS, as :func:`trusting` makes it.
        most: how many messages may wait.
        patience: how many seconds to wait for a receiver before giving up.
        clock: seconds that only grow.
        wait: lets so many seconds pass.

    Raises:
        SinkError: nobody answers there, or not who should.
    """

    def __init__(
        self,
        address: Address,
        say: Callable[[str], object],
        context: ssl.SSLContext | None = None,
        *,
        most: int = MOST,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._address, self._say, self._context = address, say, context
        self._most, self._patience, self._clock, self._wait = most, patience, clock, wait
        self._waiting: deque[bytes] = deque()
        self._delay, self._again, self._broken = _FIRST, 0.0, ""
        try:
            self._socket: socket.socket | None = self._connected()
        except OSError as error:
            raise SinkError(f"--out {address}: {_reason(error)}") from None

    @property
    def waiting(self) -> int:
        """How many messages were not sent yet."""
        return len(self._waiting)

    def send(self, message: str) -> None:
        """
        Take *message*; it is sent with the next :meth:`flush`.

        Raises:
            SinkError: as many wait as may, and nobody came to take them in time.
        """
        if len(self._waiting) >= self._most:
            self.drain()
        self._waiting.append(framed(message))

    def flush(self) -> None:
        """Send what waits; where the receiver is away, what is left goes on waiting."""
        if self._socket is None and self._clock() < self._again:
            return
        self._try()

    def close(self) -> None:
        """
        Send what waits and end the connection.

        Raises:
            SinkError: nobody came to take it in time.
        """
        try:
            self.drain()
        finally:
            self._part()

    def drain(self) -> None:
        """
        Send what waits, and where the receiver is away wait for it.

        Raises:
            SinkError: nobody came to take it in time.
        """
        until = self._clock() + self._patience
        while self._waiting and not self._try():
            left = until - self._clock()
            if left <= 0:
                raise SinkError(f"--out {self._address}: {self._broken}; {were(len(self._waiting), 'change')} not sent")
            self._wait(max(0.0, min(left, self._again - self._clock())))

    def _try(self) -> bool:
        """Send all that waits; whether all went."""
        try:
            if self._socket is None or not _is_open(self._socket):
                self._part()
                self._socket = self._connected()
            while self._waiting:
                self._socket.sendall(self._waiting[0])
                self._waiting.popleft()
                self._recovered()
        except OSError as error:
            self._lost(error)
        return not self._waiting

    def _connected(self) -> socket.socket:
        address = self._address
        made = socket.create_connection((address.host, address.port), timeout=ANSWER)
        if self._context is None:
            return made
        try:
            return self._context.wrap_socket(made, server_hostname=address.host)
        except OSError:
            made.close()
            raise

    def _recovered(self) -> None:
        if self._broken:
            self._say(f"{self._address}: connected again")
        self._delay, self._broken = _FIRST, ""

    def _lost(self, error: OSError) -> None:
        if isinstance(error, ssl.SSLCertVerificationError):
            raise SinkError(f"--out {self._address}: {_reason(error)}; {were(len(self._waiting), 'change')} not sent")
        if not self._broken:
            self._say(f"{self._address}: {_reason(error)}; {len(self._waiting):,} changes wait, trying again")
        self._broken = _reason(error)
        self._again = self._clock() + self._delay
        self._delay = min(self._delay * 2, _LONGEST)
        self._part()

    def _part(self) -> None:
        """End the connection in such a way that what was sent arrives."""
        found, self._socket = self._socket, None
        if found is None:
            return
        with suppress(OSError, ValueError):
            found.settimeout(FAREWELL)
            if isinstance(found, ssl.SSLSocket):
                found = found.unwrap()
            found.shutdown(socket.SHUT_WR)
        found.close()


def _is_open(found: socket.socket) -> bool:
    """Whether the other side is still there: it says nothing but that it goes, which is how it is noticed."""
    found.setblocking(False)
    try:
        while found.recv(4096):
            pass
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    finally:
        found.settimeout(ANSWER)
    return False


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate shown there is not trusted ({printable(error.verify_message)}); "
            "name who signed it with --tls-ca, and the host as the certificate does"
        )
    if isinstance(error, ssl.SSLError):
        return f"no TLS that can be used is spoken there ({printable(error.reason or str(error)).lower()})"
    if isinstance(error, socket.gaierror):
        return "no such host is known"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, TimeoutError):
        return f"no answer within {ANSWER:g} seconds"
    return printable(error.strerror or "the connection broke").lower()
