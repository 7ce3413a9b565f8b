"""Tokens and keys on their way into an HTTP header."""

from __future__ import annotations

from .errors import TrainerError


def require_sendable(secret: str, source: str, code: str) -> str:
    """The secret, where a header can carry it. Python's own error for one that cannot shows it whole, in events and logs.

    `source`: what it was given by. @raises TrainerError, with `code`, that names the source and never the secret
    """
    if all("!" <= c <= "~" for c in secret):
        return secret
    raise TrainerError(
        code,
        f"{source}: a space, a line break or another character that no HTTP header may carry is in it",
        "Give it as letters, digits and signs of ASCII alone; \"$(cat FILE)\" leaves out the line break at a file's end.",
    )
