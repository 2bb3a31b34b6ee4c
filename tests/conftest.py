"""What holds for every test: one thread a process, and which tests are slow."""

import os

import pytest

# Read when torch is imported. Where other processes want the cores too, threads wait for each
# other: the tests of the model took 314 s with two threads, and 16 s with one.
for library in ("OMP", "MKL", "OPENBLAS", "NUMEXPR"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# The benchmark's rehearsal, and the survey of 220 simulated ECGs.
SLOW = {"rehearsed", "errors"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests as slow that use a fixture that takes minutes."""
    for item in items:
        if SLOW.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
