"""Progress for the engine: one JSON object per line on standard output, and nothing else there."""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Any, Callable, TextIO

# Given an event's type and its fields.
Emit = Callable[..., None]


_events: TextIO | None = None


def claim_stdout() -> None:
    """Keeps standard output for events: whatever else a library prints there goes to standard error from now on."""
    global _events
    if _events is None:
        sys.stdout.flush()
        _events = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)


def to_stdout(event: str, **fields: Any) -> None:
    """Writes one event. Numbers that JSON has no word for become null."""
    print(json.dumps({"event": event, **_plain(fields)}, ensure_ascii=False), file=_events or sys.stdout, flush=True)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value
