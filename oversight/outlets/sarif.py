"""
Diagnostics as SARIF, the Static Analysis Results Interchange Format, version 2.1.0 (public standard of OASIS).

Columns count characters, as the diagnostics do, which the run says of itself; paths are told from the folder in
which the command runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from oversight.model.diagnostics import Diagnostic

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
VERSION = "2.1.0"
ROOT = "ROOT"


def sarif(diagnostics: Sequence[Diagnostic], meanings: Mapping[str, str], version: str) -> dict[str, Any]:
    """
    One run of the checker as a SARIF log, as plain values.

    Args:
        diagnostics: with paths as seen from the folder in which the command runs.
        meanings: of each code, in one line.
        version: of the library.

    >>> sarif([], {}, "1")["runs"][0]["results"]
    []
    """
    codes = sorted({one.code for one in diagnostics})
    rules = [{"id": code, "shortDescription": {"text": meanings.get(code, code)}} for code in codes]
    driver = {"name": "oversight", "version": version, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder in which the command ran."}}},
        "results": [_result(one, codes.index(one.code)) for one in diagnostics],
    }
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _result(found: Diagnostic, index: int) -> dict[str, Any]:
    said = [f"{found.message}: {found.hint}" if found.hint else found.message, *found.notes]
    place = found.place
    start = {"startLine": max(1, place.line), "startColumn": max(1, place.column)}
    region = {**start, "endLine": start["startLine"], "endColumn": start["startColumn"] + max(1, found.width)}
    location = {"physicalLocation": {"artifactLocation": _file(place.file), "region": region}}
    return {
        "ruleId": found.code,
        "ruleIndex": index,
        "level": "error" if found.severity == "error" else "warning",
        "message": {"text": "\n".join(said)},
        "locations": [location],
    }


def _file(path: str) -> dict[str, str]:
    pure = PurePath(path)
    if pure.is_absolute():
        return {"uri": pure.as_uri()}
    return {"uri": quote(pure.as_posix()), "uriBaseId": ROOT}
