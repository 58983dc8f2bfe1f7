"""What workers do as they start."""

import pytest

from workers import queues, signals


@pytest.mark.parametrize(("queue", "modules"), [(queues.QUERY, 1), (queues.INGEST, 0)])
def test_a_query_workers_child_alone_imports_torch_as_it_starts(monkeypatch, queue, modules):
    imported = []

    class Here:
        """A thread that runs where it is started."""

        def __init__(self, *, target, args, daemon):
            self.start = lambda: target(*args)

    monkeypatch.setattr(signals.threading, "Thread", Here)
    monkeypatch.setattr(signals, "import_module", imported.append)
    monkeypatch.setattr(signals, "takes", lambda name, app: name == queue)
    signals.import_torch()
    assert len(imported) == modules
