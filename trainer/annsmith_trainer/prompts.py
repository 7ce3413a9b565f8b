"""The prompts of online rounds: read from a file, and held to what the model takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import TrainerError


@dataclass(frozen=True)
class Prompt:
    """One line of the file."""

    # Counted from 1.
    line: int
    module: str
    # role and content each.
    messages: list[dict[str, str]]


def read_prompts(path: Path) -> list[Prompt]:
    """@raises TrainerError that names the first line that is no prompt."""
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise TrainerError("prompts", f"{path}: {error.strerror}", "Check the path given to --prompts.") from None
    made: list[Prompt] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            messages = [{"role": str(m["role"]), "content": str(m["content"])} for m in value["messages"]]
            if not messages:
                raise ValueError
            made.append(Prompt(number, str(value["module"]), messages))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise TrainerError(
                "prompts",
                f"{path}:{number}: not a prompt (an object with module and messages)",
                "Write one object a line; the messages are those of `annsmith prompt --module M --json`.",
            ) from None
    if not made:
        raise TrainerError("prompts", f"{path}: no prompts in it", "Write some with `annsmith prompt --module M --json`.")
    return made


def require_fit(prompts: list[Prompt], path: Path, tokenizer: Any, limit: int | None, max_tokens: int) -> None:
    """Every prompt must leave room for a completion of `max_tokens` in the `limit` tokens that the model takes (None: no
    limit). TRL has no limit of its own, and beyond the model's the positions mean nothing.

    @raises TrainerError that names the longest prompt, after which all the others fit
    """
    if limit is None:
        return
    lengths = [
        len(tokenizer.apply_chat_template(p.messages, add_generation_prompt=True, return_dict=True)["input_ids"])
        for p in prompts
    ]
    longest = max(range(len(prompts)), key=lambda i: lengths[i])
    length = lengths[longest]
    if length + max_tokens <= limit:
        return
    raise TrainerError(
        "too-long",
        f"{path}:{prompts[longest].line}: the prompt has {length} tokens, and with a completion of up to {max_tokens} "
        f"(--max-tokens) that is more than the {limit} that the model takes",
        f"Use --max-tokens {limit - length} or less, or shorten the prompt."
        if length < limit
        else "Shorten the prompt, or give a model that takes longer ones to --model.",
    )
