from __future__ import annotations

import json
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from annsmith_trainer.errors import TrainerError
from annsmith_trainer.prompts import read_prompts, require_fit


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "no prompts"), ('{"module":"search"}', ":1: not a prompt"), ("{", ":1: not a prompt")],
)
def test_prompts_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text(text)
    with pytest.raises(TrainerError, match=message):
        read_prompts(file)


def test_a_prompt_must_leave_room_for_a_completion(tiny: Path, tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    of = lambda text: json.dumps({"module": "search", "messages": [{"role": "user", "content": text}]})  # noqa: E731
    # The chat template adds three tokens to the bytes; the blank line counts as one of the file's.
    file.write_text("\n".join([of("short"), "", of("x" * 97), of("x" * 50)]))
    prompts, tokenizer = read_prompts(file), AutoTokenizer.from_pretrained(str(tiny))
    require_fit(prompts, file, tokenizer, 300, 200)
    require_fit(prompts, file, tokenizer, None, 1 << 20)
    with pytest.raises(TrainerError) as caught:
        require_fit(prompts, file, tokenizer, 299, 200)
    assert caught.value.code == "too-long"
    assert caught.value.message.startswith(f"{file}:3: the prompt has 100 tokens")
    assert "up to 200 (--max-tokens)" in caught.value.message and "the 299 that" in caught.value.message
    assert caught.value.fix == "Use --max-tokens 199 or less, or shorten the prompt."
    with pytest.raises(TrainerError) as caught:
        require_fit(prompts, file, tokenizer, 100, 1)
    assert "--max-tokens" not in caught.value.fix and "--model" in caught.value.fix
