"""Where alerts go: files that are rotated meanwhile, and receivers of syslog that come and go."""

import os
import select
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from oversight.cli import main
from oversight.cli.output import Messages
from oversight.outlets.syslog import syslog
from oversight.runner.remote import Address, Remote, trusting
from oversight.runner.sinks import RotatingFile, SinkError
from tests.test_outlets import STORY

SCENARIO = ["run", "examples/hong_kong/events.jsonl", "--rules", "hong-kong", "--until", "2027-06-01T00:00:00+08:00"]


# Files


def test_rotated_file_is_left_whole(tmp_path):
    """A file that is moved away keeps its lines, and the next go into a new one of the old name."""
    path = tmp_path / "alerts.jsonl"
    file = RotatingFile(str(path))
    file.write("one\ntwo\n")
    file.flush()
    os.rename(path, tmp_path / "alerts.jsonl.1")
    file.write("three\n")
    file.close()
    assert ("one\ntwo\n", "three\n") == ((tmp_path / "alerts.jsonl.1").read_text(), path.read_text())


def test_file_of_another_is_not_taken_for_ours(tmp_path):
    """Where another program puts a file of its own in the place, it is appended to."""
    path = tmp_path / "alerts.jsonl"
    file = RotatingFile(str(path))
    (tmp_path / "new").write_text("# begun by the rotation\n")
    os.replace(tmp_path / "new", path)
    file.write("one\n")
    file.close()
    assert "# begun by the rotation\none\n" == path.read_text()


def test_truncated_file_has_no_hole(tmp_path):
    """After a rotation that copies and cuts the file off, writing goes on at its new end."""
    path = tmp_path / "alerts.jsonl"
    file = RotatingFile(str(path))
    file.write("one\n")
    file.flush()
    os.truncate(path, 0)
    file.write("two\n")
    file.close()
    assert "two\n" == path.read_text()


def test_rotated_file_of_a_record_loses_nothing(tmp_path):
    """What a lasting file holds stays, also where it is moved away; a file that another program begins is added to."""
    path = tmp_path / "alerts.jsonl"
    path.write_text("before\n")
    file = RotatingFile(str(path), lasting=True)
    file.write("one\n")
    file.flush()
    os.rename(path, tmp_path / "alerts.jsonl.1")
    path.write_text("# begun by the rotation\n")
    file.write("two\n")
    file.close()
    assert "before\none\n" == (tmp_path / "alerts.jsonl.1").read_text()
    assert "# begun by the rotation\ntwo\n" == path.read_text()


def test_a_record_is_written_over_by_no_run(tmp_path, capsys):
    """A run without a record does not take the file of one for its results."""
    path = tmp_path / "case.db"
    path.write_bytes(b"SQLite format 3\x00 and more")
    assert 2 == main([*SCENARIO, "--out", str(path)])
    assert f"--out {path} is a record: give another file for what is told" in capsys.readouterr().err
    assert b"SQLite format 3\x00 and more" == path.read_bytes()


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize(("text", "said"), [("one\n", "1 line was"), ("one\ntwo\n", "2 lines were")])
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")
def test_full_disk_is_said(lasting, text, said):
    """Where there is no room, the error says how many lines were not written, and they are kept."""
    file = RotatingFile("/dev/full", lasting=lasting)
    file.write(text)
    for _ in range(2):
        with pytest.raises(SinkError, match=f"--out /dev/full: no space left on device; {said} not written"):
            file.flush()


def test_run_into_a_full_disk(capsys):
    """A run whose results find no room ends with 2 and says so."""
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no device that is always full")
    assert 2 == main([*SCENARIO, "--out", "/dev/full"])
    assert "--out /dev/full: no space left on device" in capsys.readouterr().err


# Receivers


class Receiver:
    """
    A receiver of syslog on this machine: keeps what each of a few connections sent, whole.

    It parts from a connection when that ends, or has sent what is given as *last*, and then listens no more.
    """

    def __init__(self, context=None, host="127.0.0.1", port=0, last=None):
        self.data, self._context, self._last = b"", context, last
        self._listening = socket.create_server((host, port))
        self.address = Address("tcp" if context is None else "tls", host, self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        made, _ = self._listening.accept()
        self._listening.close()
        with made:
            try:
                if self._context is not None:
                    made = self._context.wrap_socket(made, server_side=True)
                while self.data != self._last and (chunk := made.recv(65536)):
                    self.data += chunk
            except OSError:
                pass
            finally:
                made.close()

    def messages(self):
        """What arrived, once the connection is over."""
        self._thread.join()
        return messages(self.data)


def messages(data):
    """The messages in frames that count their octets; fails where they are no such frames."""
    found = []
    while data:
        length, _, data = data.partition(b" ")
        assert length.isdigit()
        assert not length.startswith(b"0")
        message, data = data[: int(length)], data[int(length) :]
        assert int(length) == len(message)
        found.append(message.decode())
    return found


def speaking(tls, *, asks=False):
    """What a receiver speaks TLS with; it may ask the other side for a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "localhost.pem")
    if asks:
        context.load_verify_locations(tls / "authority.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


STORY_TOLD = []
syslog(STORY_TOLD.append).tell(STORY)


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self):
        self.now = 0.0
        self.on_wait = []

    def __call__(self):
        """The seconds that have passed."""
        return self.now

    def wait(self, seconds):
        """Let time pass, and do what was to be done meanwhile."""
        self.now += seconds
        if self.on_wait:
            self.on_wait.pop(0)()


def sent(remote, texts):
    """Send *texts* and end the connection."""
    for text in texts:
        remote.send(text)
        remote.flush()
    remote.close()


def test_frames_reach_a_tcp_receiver():
    """Each message arrives in order, framed by its length, also where a frame holds more than ASCII."""
    here = Receiver()
    sent(Remote(here.address, print), STORY_TOLD)
    assert STORY_TOLD == here.messages()


def test_frames_reach_a_tls_receiver(tls):
    """Over TLS the same arrives, where the certificate is that of the host and signed by who is trusted."""
    here = Receiver(speaking(tls, asks=True))
    context = trusting(str(tls / "authority.pem"), str(tls / "localhost.pem"))
    sent(Remote(here.address, print, context), STORY_TOLD)
    assert STORY_TOLD == here.messages()


@pytest.mark.parametrize(("host", "trusted"), [("127.0.0.1", False), ("127.0.0.2", True)])
def test_receiver_is_not_trusted_blindly(tls, host, trusted):
    """A certificate that nobody trusted signed, or that of another host, is refused with what to do."""
    here = Receiver(speaking(tls), host)
    with pytest.raises(SinkError, match=r"is not trusted \(.*\); name who signed it with --tls-ca"):
        Remote(here.address, print, trusting(str(tls / "authority.pem") if trusted else None))
    assert [] == here.messages()


def test_plain_receiver_speaks_no_tls():
    """Where the other side speaks no TLS, that is what is said."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            made, _ = listening.accept()
            with made:
                made.recv(1)
                made.sendall(b"I speak no TLS\n")

        thread = threading.Thread(target=answer)
        thread.start()
        address = Address("tls", "localhost", listening.getsockname()[1])
        with pytest.raises(SinkError, match="no TLS that can be used is spoken there"):
            Remote(address, print, trusting(None))
        thread.join()


def test_broken_connection_is_made_again():
    """What could not be sent waits, and is sent in order when the receiver is back; both is said once."""
    said, clock = [], Clock()
    first = Receiver(last=b"3 one")
    remote = Remote(first.address, said.append, clock=clock, wait=clock.wait)
    remote.send("one")
    remote.flush()
    assert ["one"] == first.messages()
    for message in ("two", "three"):
        remote.send(message)
        remote.flush()
    assert 2 == remote.waiting
    second = Receiver(port=first.address.port)
    clock.now += 60
    sent(remote, ["four"])
    assert ["two", "three", "four"] == second.messages()
    assert [
        f"{first.address}: nobody listens there; 1 changes wait, trying again",
        f"{first.address}: connected again",
    ] == said


def test_what_a_record_tells_is_sent_before_it_counts_as_told():
    """For a record, what waits for a receiver is not told yet: passing it on waits until it is sent, or gives up."""
    clock, back = Clock(), []
    first = Receiver(last=b"4 zero")
    remote = Remote(first.address, print, patience=30, clock=clock, wait=clock.wait)
    out = Messages(remote, lasting=True)
    out.write("zero\n")
    out.flush()
    assert ["zero"] == first.messages()
    clock.on_wait.append(lambda: back.append(Receiver(port=first.address.port, last=b"3 one")))
    out.write("one\n")
    out.flush()
    assert (0, ["one"]) == (remote.waiting, back[0].messages())
    out.write("two\n")
    with pytest.raises(SinkError, match=f"{first.address}: nobody listens there; 1 change was not sent"):
        out.flush()


def test_run_waits_when_as_many_wait_as_may():
    """Sending waits for the receiver to come back, and gives up in the end with how much was not sent."""
    clock, back = Clock(), []
    first = Receiver(last=b"4 zero")
    remote = Remote(first.address, print, most=2, patience=30, clock=clock, wait=clock.wait)
    remote.send("zero")
    remote.flush()
    assert ["zero"] == first.messages()
    clock.on_wait.append(lambda: back.append(Receiver(port=first.address.port, last=b"3 one3 two")))
    for message in ("one", "two", "three"):
        remote.send(message)
    assert (1, ["one", "two"]) == (remote.waiting, back[0].messages())
    remote.send("four")
    begun = clock.now
    with pytest.raises(SinkError, match=f"{first.address}: nobody listens there; 2 changes were not sent"):
        remote.send("five")
    assert 30 == clock.now - begun


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("tcp://127.0.0.1", "name the port too, as tcp://127.0.0.1:601"),
        ("tcp://127.0.0.1:x", "port could not be cast to integer value"),
        ("tls://", "a receiver is tcp://HOST:PORT or tls://HOST:PORT"),
        ("tls://me@host:1", "a receiver is tcp://HOST:PORT or tls://HOST:PORT"),
        ("tcp://127.0.0.1:1", "nobody listens there"),
        ("tcp://no..host:601", "label empty or too long"),
    ],
)
def test_receivers_that_cannot_be(out, said, capsys):
    """A run does not begin where its receiver cannot be reached, and says why."""
    assert 2 == main([*SCENARIO, "--format", "syslog", "--out", out])
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--out", "tcp://127.0.0.1:1"], "takes syslog messages: add --format syslog"),
        (["--format", "syslog", "--tls-ca", "x"], "--tls-ca and --tls-cert are for --out tls://HOST:PORT"),
        (["--format", "syslog", "--out", "tls://h", "--tls-ca", "none.pem"], "--tls-ca none.pem: no such file"),
        (["--format", "syslog", "--out", "tls://h", "--tls-ca", "setup.cfg"], "holds no certificate that can be read"),
        (["--format", "ocsf", "--plan", "examples/hong_kong/plan.jsonl"], "--plan is told as text or jsonl, not as"),
        (
            ["--format", "text", "--plan", "examples/hong_kong/plan.jsonl", "--out", "tls://h"],
            "--plan is told in a file or on standard output",
        ),
    ],
)
def test_usage_of_receivers(more, said, capsys):
    """What does not go together is refused before anything is read."""
    assert 2 == main([*SCENARIO, *more])
    assert said in capsys.readouterr().err


def test_run_to_a_receiver(tls, capsys):
    """The scenario arrives at a TLS receiver whole, and the exit status stays what it was."""
    assert 3 == main([*SCENARIO, "--format", "syslog"])
    expected = capsys.readouterr().out.splitlines()
    here = Receiver(speaking(tls))
    assert 3 == main(
        [*SCENARIO, "--format", "syslog", "--out", str(here.address), "--tls-ca", str(tls / "authority.pem")]
    )
    assert expected == here.messages()
    assert len(expected) > 50


def free_port():
    """A port on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.mark.skipif(shutil.which("rsyslogd", path="/usr/sbin:/usr/bin") is None, reason="rsyslog is not installed")
def test_rsyslog_takes_the_messages(tmp_path):
    """A syslog daemon that others wrote reads frames, fields and text as they were meant."""
    port, taken = free_port(), tmp_path / "taken"
    os.mkfifo(taken)
    form = 'string="%msgid%|%syslogseverity%|%structured-data%|%msg%\\n"'
    (tmp_path / "conf").write_text(
        f'global(workDirectory="{tmp_path}" maxMessageSize="16k" parser.escapeControlCharactersOnReceive="off")\n'
        f'module(load="imtcp")\ninput(type="imtcp" address="127.0.0.1" port="{port}")\n'
        f'template(name="told" type="string" {form})\n'
        f'action(type="ompipe" pipe="{taken}" template="told")\n'
    )
    program = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin")
    daemon = subprocess.Popen([program, "-n", "-f", tmp_path / "conf", "-i", tmp_path / "pid"])
    try:
        pipe, remote, data = os.open(taken, os.O_RDWR), None, b""
        while remote is None:
            assert daemon.poll() is None
            try:
                remote = Remote(Address("tcp", "127.0.0.1", port), print)
            except SinkError:
                continue
        sent(remote, STORY_TOLD)
        while data.count(b"\n") < len(STORY_TOLD):
            assert select.select([pipe], [], [], 30)[0], "rsyslog tells no more"
            data += os.read(pipe, 65536)
        os.close(pipe)
    finally:
        daemon.terminate()
        daemon.wait()
    found = [line.split("|", 3) for line in data.decode().splitlines()]
    assert [change.change for change in STORY] == [message for message, *_ in found]
    assert ["2", "2", "5", "5", "5", "2"] == [severity for _, severity, *_ in found]
    for message, (_, _, fields, text) in zip(STORY_TOLD, found, strict=True):
        assert message.endswith(f" {fields} {text.lstrip()}")
