"""
The Merkle tree of RFC 6962: its hashes, and proofs that an entry is in a tree and that a tree grew out of an older one.

Whoever holds the hash at the root can be shown either with a handful of hashes, and need not trust who shows it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""Gives the hash over the ``2 ** height`` leaves from ``index * 2 ** height`` on, by *height* and *index*."""


def leaf_hash(entry: bytes) -> bytes:
    """
    The hash of an entry as a leaf.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """
    The root over as many hashes as a power of two.

    >>> perfect_root([b"a"]) == b"a"
    True
    """
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(*level[at : at + 2]) for at in range(0, len(level), 2)]
    return level[0]


def root_of_peaks(peaks: Sequence[bytes]) -> bytes:
    """
    The root of a tree made of perfect subtrees.

    Args:
        peaks: their roots, that of the largest first.

    >>> root_of_peaks([]) == EMPTY_ROOT
    True
    """
    if not peaks:
        return EMPTY_ROOT
    *others, root = peaks
    for peak in reversed(others):
        root = node_hash(peak, root)
    return root


def root(size: int, subtree: Subtree) -> bytes:
    """The root of the first *size* leaves."""
    return _over(0, size, subtree) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """
    The hashes by which anybody who knows the root of *size* leaves can see that the leaf *index* is among them.

    Raises:
        ValueError: there is no such leaf.

    >>> a, b = leaf_hash(b"a"), leaf_hash(b"b")
    >>> inclusion_proof(1, 2, lambda height, index: [a, b][index]) == [a]
    True
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} among {size}")
    proof = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(_over(middle, high, subtree))
            high = middle
        else:
            proof.append(_over(low, middle, subtree))
            low = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """
    The hashes by which anybody who knows two roots can see that the tree of *new* leaves begins with the *old* ones.

    Raises:
        ValueError: *old* is not between 0 and *new*.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves did not grow out of one of {old}")
    if old in (0, new):
        return []
    proof = []
    low, high, whole = 0, new, True
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            proof.append(_over(middle, high, subtree))
            high = middle
        else:
            proof.append(_over(low, middle, subtree))
            low, whole = middle, False
    if not whole:
        proof.append(_over(low, high, subtree))
    return proof[::-1]


def is_included(index: int, size: int, leaf: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """
    Whether *proof* shows that *leaf* stands at *index* of the *size* leaves under *root*.

    Args:
        index: of the leaf.
        size: of the tree.
        leaf: the hash of the entry as a leaf.
        root: the hash of the tree.
        proof: as :func:`inclusion_proof` gives it.

    >>> a, b = leaf_hash(b"a"), leaf_hash(b"b")
    >>> is_included(1, 2, b, node_hash(a, b), [a]), is_included(0, 2, b, node_hash(a, b), [a])
    (True, False)
    """
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for part in proof:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = node_hash(part, found)
            while place and not place % 2:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, part)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """
    Whether *proof* shows that the tree of *new* leaves under *new_root* begins with the *old* ones under *old_root*.

    Args:
        old: size of the older tree.
        new: size of the newer one.
        old_root: hash of the older tree.
        new_root: hash of the newer one.
        proof: as :func:`consistency_proof` gives it.
    """
    if not 0 <= old <= new:
        return False
    if old in (0, new):
        return not proof and old_root == (EMPTY_ROOT if old == 0 else new_root)
    parts = list(proof)
    place, last = old - 1, new - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    if place == 0:
        parts.insert(0, old_root)
    if not parts:
        return False
    older = newer = parts[0]
    for part in parts[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            older, newer = node_hash(part, older), node_hash(part, newer)
            while place and not place % 2:
                place, last = place >> 1, last >> 1
        else:
            newer = node_hash(newer, part)
        place, last = place >> 1, last >> 1
    return last == 0 and older == old_root and newer == new_root


def _split(count: int) -> int:
    """The largest power of two below *count*."""
    return 1 << ((count - 1).bit_length() - 1)


def _over(low: int, high: int, subtree: Subtree) -> bytes:
    """The hash over the leaves from *low* up to *high*, a range into which the tree itself divides."""
    count = high - low
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return subtree(height, low >> height)
    middle = low + _split(count)
    return node_hash(_over(low, middle, subtree), _over(middle, high, subtree))
