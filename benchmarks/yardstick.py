"""What any speed is compared with: reading the events as plain dictionaries and doing nothing with them."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection

import msgspec


def decode_chunks(lines: list[bytes], asked: Connection) -> None:
    """
    Decode the stretches of *lines* that are asked for, and answer each with the processor time it took.

    Args:
        lines: of JSON.
        asked: gives the bounds of a stretch, or ``None`` at the end; takes the seconds.
    """
    decoder = msgspec.json.Decoder()
    while (bounds := asked.recv()) is not None:
        chunk = lines[slice(*bounds)]
        began = time.process_time()
        decoded = [decoder.decode(line) for line in chunk]
        asked.send(time.process_time() - began)
        del decoded
