"""What runs with the Rete matcher: started by ``tests/test_rete.py`` in a process of its own."""
