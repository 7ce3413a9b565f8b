from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Callable

import pytest
import torch

from annsmith_trainer.adapters import with_adapter
from annsmith_trainer.errors import TrainerError
from annsmith_trainer.models import load_base
from annsmith_trainer.offline import run_offline
from annsmith_trainer.scoring import Scorer
from annsmith_trainer.settings import OfflineSettings
from conftest import Events, LedgerWriter, make_tiny_model


def settings(ledger: Path, model: Path, out: Path, **more: object) -> OfflineSettings:
    made = OfflineSettings(
        ledger=ledger, model=model, adapter=None, policy="local:tiny", version="1", out=out, device="cpu", rank=4,
        learning_rate=5e-3, threads=1,
    )
    return replace(made, **more)


def two_groups(ledger: LedgerWriter) -> Path:
    ledger.group(["good one", "bad thing here", "good too", "bad"], [1.0, -1.0, 0.8, -1.0])
    ledger.group(["good", "worse", "no"], [0.5, -0.5, -1.0], prompt="again")
    return ledger.write()


def logprob(model: Path, adapter: Path | None, text: str) -> float:
    base, tokenizer = load_base(model, "cpu", torch.float32)
    lora = with_adapter(base, adapter, 4, 8, 1)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "make it fast"}], add_generation_prompt=True, return_dict=True
    )["input_ids"]
    ids = [*tokenizer.encode(text, add_special_tokens=False), tokenizer.eos_token_id]
    with torch.no_grad():
        return float(Scorer(lora, 1)(prompt, [ids]).logprobs.sum())


def test_a_round_moves_the_policy_towards_what_was_rewarded(
    tiny: Path, ledger: LedgerWriter, events: Events, tmp_path: Path
) -> None:
    out = tmp_path / "adapter"
    result = run_offline(settings(two_groups(ledger), tiny, out, epochs=6), events)
    assert result["after"]["loss"] < result["before"]["loss"]
    assert 0 < result["after"]["kl"] < 10
    first = events.of("step")[0]
    assert first["clip_fraction"] == 0 and abs(first["kl"]) < 1e-9, "the first step is on the policy that sampled"
    assert logprob(tiny, out, "good one") > logprob(tiny, None, "good one")
    assert logprob(tiny, out, "bad thing here") < logprob(tiny, None, "bad thing here")
    lineage = json.loads((out / "annsmith.json").read_text())
    assert lineage["version"] == result["version"] and lineage["parent"] == "base"
    assert lineage["ledger"]["groups"] == ["r1/g1", "r1/g2"]
    assert not out.with_name("adapter.round").exists()
    assert [name for name, _ in events][-2:] == ["saved", "done"]


def test_the_same_seed_gives_the_same_adapter_and_another_one_does_not(
    tiny: Path, ledger: LedgerWriter, events: Events, tmp_path: Path
) -> None:
    path = two_groups(ledger)
    versions = [
        run_offline(settings(path, tiny, tmp_path / f"a{i}", epochs=2, seed=seed), events)["version"]
        for i, seed in enumerate([1, 1, 2])
    ]
    assert versions[0] == versions[1] != versions[2]


def test_micro_batches_do_not_change_the_update(tiny: Path, ledger: LedgerWriter, events: Events, tmp_path: Path) -> None:
    path = two_groups(ledger)
    losses = [
        run_offline(settings(path, tiny, tmp_path / f"m{size}", micro_batch=size, epochs=3, groups_per_step=2), events)[
            "after"
        ]["loss"]
        for size in (1, 8)
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


def test_a_second_round_starts_from_the_adapter_of_the_first(
    tiny: Path, ledger: LedgerWriter, events: Events, tmp_path: Path
) -> None:
    path = two_groups(ledger)
    first = run_offline(settings(path, tiny, tmp_path / "one", epochs=4), events)
    second = run_offline(settings(path, tiny, tmp_path / "two", adapter=tmp_path / "one"), events)
    assert second["parent"] == first["version"]
    # The KL is to the base model, which the first round has left already; the ratio is to the adapter that sampled.
    assert second["before"]["kl"] > 1e-3 and second["before"]["clip_fraction"] == 0


@pytest.mark.parametrize("how", ["wider", "damaged"])
def test_an_adapter_that_does_not_fit_is_named(
    tiny: Path, ledger: LedgerWriter, events: Events, tmp_path: Path, how: str
) -> None:
    adapter, model = tmp_path / "before", make_tiny_model(tmp_path / "wider", hidden=48) if how == "wider" else tiny
    run_offline(settings(two_groups(ledger), model, adapter), Events())
    if how == "damaged":
        weights = adapter / "adapter_model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])
    said = f"^{adapter}: does not fit the base model, or is damaged: "
    with pytest.raises(TrainerError, match=said + (".*size mismatch" if how == "wider" else "")) as caught:
        run_offline(settings(ledger.path, tiny, tmp_path / "a", adapter=adapter), events)
    assert caught.value.code == "other-model" and not events and not (tmp_path / "a").exists()


def test_dropout_is_off_whatever_the_model_and_its_adapter_say(
    tiny: Path, ledger: LedgerWriter, events: Events, tmp_path: Path
) -> None:
    path = two_groups(ledger)
    run_offline(settings(path, tiny, tmp_path / "first"), events)
    plain = run_offline(
        settings(path, tiny, tmp_path / "plain", adapter=tmp_path / "first", gradient_checkpointing=True), events
    )

    def with_rate(folder: Path, file: str, name: str) -> Path:
        copy = tmp_path / f"dropping-{folder.name}"
        shutil.copytree(folder, copy)
        (copy / file).write_text(json.dumps({**json.loads((copy / file).read_text()), name: 0.5}))
        return copy

    adapter = with_rate(tmp_path / "first", "adapter_config.json", "lora_dropout")
    for name, model in [("a", tiny), ("b", with_rate(tiny, "config.json", "attention_dropout"))]:
        # Checkpointing puts the whole model into training mode.
        seen = Events()
        given = settings(path, model, tmp_path / name, adapter=adapter, gradient_checkpointing=True)
        assert run_offline(given, seen)["version"] == plain["version"]
        assert seen.of("step")[0]["clip_fraction"] == 0
    # Its own rate is kept for whoever trains it elsewhere.
    assert json.loads((tmp_path / "a" / "adapter_config.json").read_text())["lora_dropout"] == 0.5


def test_packed_and_padded_scores_agree(tiny: Path) -> None:
    base, _ = load_base(tiny, "cpu", torch.float32)
    model = with_adapter(base, None, 4, 8, 1)
    packed, padded = Scorer(model, 1), Scorer(model, 1)
    assert packed.packs
    padded._packs = False
    prompt, completions = list(range(20, 60)), [[5, 6, 7, 0], [9], [8, 8, 8, 8, 8, 0]]
    a, b = packed(prompt, completions, 0.7), padded(prompt, completions, 0.7)
    assert torch.allclose(a.logprobs, b.logprobs, atol=1e-4) and torch.equal(a.mask, b.mask)
    assert torch.allclose(a.entropy, b.entropy, atol=1e-4)


TINY = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 128,
}


def windowed(window: int | None) -> torch.nn.Module:
    """Mistral's settings have a window and no layer types."""
    from transformers import MistralConfig, MistralForCausalLM

    torch.manual_seed(0)
    return MistralForCausalLM(MistralConfig(**TINY, sliding_window=window, attn_implementation="sdpa")).eval()


def layered(window: int | None) -> torch.nn.Module:
    """Qwen's have both: the second layer alone gets the window."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    config = Qwen2Config(
        **TINY, use_sliding_window=window is not None, sliding_window=window, max_window_layers=1,
        attn_implementation="sdpa",
    )
    return Qwen2ForCausalLM(config).eval()


@pytest.mark.parametrize("make", [windowed, layered])
def test_a_model_with_a_window_is_scored_row_by_row(make: Callable[[int | None], torch.nn.Module]) -> None:
    prompt, completions = list(range(3, 43)), [[5, 6, 7, 2], [9], [8, 8, 9, 2]]
    model = with_adapter(make(8), None, 4, 8, 1)

    def plain(completion: list[int]) -> torch.Tensor:
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([prompt + completion])).logits[0, len(prompt) - 1 : -1]
        return logits.log_softmax(-1).gather(-1, torch.tensor(completion)[:, None])[:, 0]

    def error(scorer: Scorer) -> float:
        with torch.no_grad():
            rows = scorer(prompt, completions).logprobs
        return max(float((row[: len(c)] - plain(c)).abs().max()) for row, c in zip(rows, completions))

    scorer, packed = Scorer(model, 1), Scorer(model, 1)
    packed._packs = True
    assert not scorer.packs and error(scorer) < 1e-4
    assert error(packed) > 1e-3, "in one row the window is lost, which a prompt shorter than it does not show"
    assert Scorer(make(None), 1).packs


def test_truncated_completions_are_not_trained_on(
    tiny: Path, ledger: LedgerWriter, events: Events, tmp_path: Path
) -> None:
    answer = [None, {"finish": "length"}, {"finish": "cut"}]
    ledger.group(["fine", "x" * 50, "y" * 30], [0.5, -1.0, -1.0], answer=answer)
    run_offline(settings(ledger.write(), tiny, tmp_path / "a"), events)
    assert events.of("start")[0]["truncated"] == 2
    assert events.of("step")[0]["tokens"] == len("fine") + 1


def test_drift_from_the_server_is_reported_and_stops_a_round_of_another_model(
    tiny: Path, ledger: LedgerWriter, events: Events, tmp_path: Path
) -> None:
    base, tokenizer = load_base(tiny, "cpu", torch.float32)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "make it fast"}], add_generation_prompt=True, return_dict=True
    )["input_ids"]
    ids = [[*tokenizer.encode(t, add_special_tokens=False), 0] for t in ("good", "bad")]
    with torch.no_grad():
        scores = Scorer(base, 1)(prompt, ids)
    told = [row[keep].tolist() for row, keep in zip(scores.logprobs, scores.mask)]
    # Sampled at another temperature: servers still report the model's own distribution.
    ledger.group(["good", "bad"], [1.0, -1.0], token_ids=ids, logprobs=told, sampling={"temperature": 0.8})
    run_offline(settings(ledger.write(), tiny, tmp_path / "a"), events)
    drift = events.of("drift")[0]
    assert drift["tokens"] == sum(map(len, ids)) and drift["mean"] < 1e-4
    assert events.of("start")[0]["retokenised"] == 0

    other = LedgerWriter(tmp_path / "other.jsonl")
    other.group(["good", "bad"], [1.0, -1.0], token_ids=ids, logprobs=[[x - 3 for x in row] for row in told])
    with pytest.raises(TrainerError, match="differ from this model's by 3.00 nats") as caught:
        run_offline(settings(other.write(), tiny, tmp_path / "b"), events)
    assert caught.value.code == "drift" and not (tmp_path / "b").exists()


def test_an_unknown_temperature_is_said_once_and_taken_for_1(
    tiny: Path, ledger: LedgerWriter, events: Events, tmp_path: Path
) -> None:
    texts, rewards = ["good", "bad"], [1.0, -1.0]
    ledger.group(texts, rewards, sampling={"temperature": None})
    ledger.group(texts, rewards, sampling={})
    ledger.group(texts, rewards)
    unknown = run_offline(settings(ledger.write(), tiny, tmp_path / "a"), events)
    (warning,) = events.of("warning")
    assert warning["code"] == "unknown-temperature" and "2 of the groups" in warning["message"]

    def at(temperature: float) -> tuple[str, Events]:
        known, seen = LedgerWriter(tmp_path / f"{temperature}.jsonl"), Events()
        for own in (temperature, temperature, 1.0):
            known.group(texts, rewards, sampling={"temperature": own})
        return run_offline(settings(known.write(), tiny, tmp_path / f"at-{temperature}"), seen)["version"], seen

    version, seen = at(1.0)
    assert version == unknown["version"] != at(0.5)[0] and not seen.of("warning")


def stop_at_first_step(event: str, **_: object) -> None:
    if event == "checkpoint":
        raise KeyboardInterrupt


def test_an_unfinished_round_goes_on_with_its_groups_though_the_ledger_has_grown(
    tiny: Path, ledger: LedgerWriter, events: Events, tmp_path: Path
) -> None:
    path = two_groups(ledger)
    whole = run_offline(settings(path, tiny, tmp_path / "whole", epochs=2), Events())
    with pytest.raises(KeyboardInterrupt):
        run_offline(settings(path, tiny, tmp_path / "a", epochs=2), stop_at_first_step)
    ledger.group(["later", "bad"], [1.0, -1.0])
    ledger.write()
    resumed = run_offline(settings(path, tiny, tmp_path / "a", epochs=2), events)
    assert events.of("resumed") == [{"step": 1, "steps": 4}] and resumed["version"] == whole["version"]
    assert events.of("start")[0]["groups"] == 2 and events.of("start")[0]["skipped"] == {"not-in-this-round": 1}
    assert run_offline(settings(path, tiny, tmp_path / "new", epochs=2), Events())["groups"] == 3


def test_an_unfinished_round_stops_where_a_group_of_it_is_missing(
    tiny: Path, ledger: LedgerWriter, events: Events, tmp_path: Path
) -> None:
    path = two_groups(ledger)
    with pytest.raises(KeyboardInterrupt):
        run_offline(settings(path, tiny, tmp_path / "a", epochs=2), stop_at_first_step)
    begun = ledger.lines
    ledger.lines = [line for line in begun if json.loads(line)["groupId"] != "g2"]
    ledger.group(["later", "bad"], [1.0, -1.0])
    ledger.write()
    with pytest.raises(TrainerError, match="on 2 groups, of which .*ledger.jsonl has no usable r1/g2$") as caught:
        run_offline(settings(path, tiny, tmp_path / "a", epochs=2), events)
    assert caught.value.code == "other-round" and not events
    fresh = run_offline(settings(path, tiny, tmp_path / "a", epochs=2, fresh=True), events)
    assert fresh["groups"] == 2 and not events.of("resumed")


def test_a_round_that_took_no_step_begins_anew_with_whatever_it_is_given(
    tiny: Path, ledger: LedgerWriter, events: Events, tmp_path: Path
) -> None:
    def stop_when_scored(event: str, **_: object) -> None:
        if event == "drift":
            raise KeyboardInterrupt

    for more in ({"epochs": 3}, {}):
        with pytest.raises(KeyboardInterrupt):
            run_offline(settings(two_groups(ledger), tiny, tmp_path / "a", **more), stop_when_scored)
    other = LedgerWriter(tmp_path / "other.jsonl")
    other.count = 7
    assert run_offline(settings(two_groups(other), tiny, tmp_path / "a"), events)["groups"] == 2
    assert json.loads((tmp_path / "a" / "annsmith.json").read_text())["ledger"]["groups"] == ["r1/g8", "r1/g9"]


def test_an_unfinished_round_of_other_settings_is_not_continued(
    tiny: Path, ledger: LedgerWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    path = two_groups(ledger)
    with pytest.raises(KeyboardInterrupt):
        run_offline(settings(path, tiny, tmp_path / "a", epochs=2), stop_at_first_step)
    events = Events()
    with pytest.raises(TrainerError, match=r"differs in settings \(epochs\)$") as caught:
        run_offline(settings(path, tiny, tmp_path / "a", epochs=3), events)
    assert caught.value.code == "other-round"
    # As a round that was begun on a GPU has it; `--device auto` is the same on both.
    plan = tmp_path / "a.round" / "plan.json"
    on_cpu = plan.read_text()
    plan.write_text(on_cpu.replace('"device": "cpu"', '"device": "cuda"'))
    with pytest.raises(TrainerError, match=r"differs in device \(--device cuda then, cpu now\)$"):
        run_offline(settings(path, tiny, tmp_path / "a", epochs=2, device="auto"), events)
    plan.write_text(json.dumps({k: v for k, v in json.loads(on_cpu).items() if k != "device"}))
    with pytest.raises(TrainerError, match="an earlier version began it"):
        run_offline(settings(path, tiny, tmp_path / "a", epochs=2), events)
    plan.write_text(on_cpu)
    run_offline(settings(path, tiny, tmp_path / "a", epochs=2), events)
    assert events.of("resumed") == [{"step": 1, "steps": 4}]
    whole = run_offline(settings(path, tiny, tmp_path / "b", epochs=2), events)
    assert whole["version"] == json.loads((tmp_path / "a" / "annsmith.json").read_text())["version"]
