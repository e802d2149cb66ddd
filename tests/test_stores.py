"""Stores: what both of them keep to, and what each of them says where something is wrong."""

from tests.stores import stores

from oversight.record.store import open_store
from oversight.testing import check_store


@stores
def test_contract(store):
    """Either store keeps to the contract."""
    check_store(lambda: open_store(store.url))
