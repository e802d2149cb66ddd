"""A client of yaml-language-server, as small as the tests need: one file, one position, one answer."""

import json
import subprocess
from pathlib import Path

SERVER = Path(__file__).parent / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"


class Server:
    """The server in a process of its own, with one schema for every file."""

    def __init__(self, schema: Path) -> None:
        self._process = subprocess.Popen(
            ["node", SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._settings = {
            "yaml": {"schemas": {schema.as_uri(): "*.yaml"}, "schemaStore": {"enable": False}, "validate": True}
        }
        self._number = 0
        self.diagnostics = {}
        client = {"textDocument": {"completion": {"completionItem": {"snippetSupport": True}}}}
        client |= {"workspace": {"configuration": True}}
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": client})
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": self._settings}})
        # It asks for its settings then, and knows no schema before it has them.
        while self._take().get("method") != "workspace/configuration":
            pass

    def close(self) -> None:
        """Stop it."""
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def open(self, name: str, text: str) -> str:
        """Show it a file; returns its address."""
        uri = f"file:///{name}"
        told = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": told}})
        self.problems(uri)
        return uri

    def labels(self, uri: str, line: int, character: int) -> set[str]:
        """What it offers at a position."""
        return {one["label"] for one in self._at("completion", uri, line, character)["items"]}

    def hover(self, uri: str, line: int, character: int) -> str:
        """What it explains at a position."""
        found = self._at("hover", uri, line, character)
        return found["contents"]["value"] if found else ""

    def problems(self, uri: str) -> list[str]:
        """What it finds wrong with a file, once it has looked."""
        while uri not in self.diagnostics:
            self._take()
        return [one["message"] for one in self.diagnostics[uri]]

    def _at(self, what: str, uri: str, line: int, character: int):
        place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
        return self.ask(f"textDocument/{what}", place)

    def ask(self, method: str, params: dict):
        """A request and its answer."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        while True:
            told = self._take()
            if told.get("id") == number and "method" not in told:
                assert "error" not in told, told["error"]
                return told["result"]

    def _send(self, message: dict) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _take(self) -> dict:
        """The next message; what the server asks of its client is answered."""
        length = 0
        while line := self._process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        assert length, "the server has ended"
        told = json.loads(self._process.stdout.read(length))
        if told.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[told["params"]["uri"]] = told["params"]["diagnostics"]
        elif told.get("method") == "workspace/configuration":
            answer = [self._settings.get(item.get("section"), {}) for item in told["params"]["items"]]
            self._send({"id": told["id"], "result": answer})
        elif "id" in told and "method" in told:
            self._send({"id": told["id"], "result": None})
        return told
