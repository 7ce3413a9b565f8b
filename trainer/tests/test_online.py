from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator

import pytest

from annsmith_trainer import adapters, online
from annsmith_trainer.errors import TrainerError
from annsmith_trainer.objective import normalise
from annsmith_trainer.online import run_online
from annsmith_trainer.settings import OnlineSettings
from annsmith_trainer.rewards import TOKEN_VARIABLE
from conftest import Events, make_tiny_model
from test_rewards import TOKEN, RewardServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RewardServer]:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    made = RewardServer()
    yield made
    made.close()


def settings(tmp_path: Path, tiny: Path, url: str, **more: Any) -> OnlineSettings:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text(
        "\n".join(
            json.dumps({"module": m, "messages": [{"role": "user", "content": f"faster {m}"}]})
            for m in ("search", "construction")
        )
    )
    given = {"rounds": 2, "group": 4, "micro_batch": 2, "max_tokens": 200, "rank": 4, "threads": 1, "device": "cpu"}
    places = {"prompts": prompts, "rewards": url, "model": tiny, "adapter": None, "out": tmp_path / "out"}
    return OnlineSettings(**{**given, **places, **more})


def test_rounds_sample_measure_and_update(tiny: Path, tmp_path: Path, server: RewardServer) -> None:
    events = Events()
    # Something that random bytes differ in.
    server.reward = lambda text: float(sum(c.isalpha() for c in text))
    result = run_online(settings(tmp_path, tiny, server.url, learning_rate=1e-2), events)
    assert len(events.of("step")) == 2 and len(events.of("group")) == 2
    assert [r["module"] for r in server.requests] == ["search", "construction"], "in their order"
    assert all("skipped" not in g for g in events.of("group")), "null is no reason"
    assert [r["policy"] for r in server.requests] == [{"id": "local:tiny", "version": f"base+{i}"} for i in (0, 1)]
    assert all(c["tokenIds"] for r in server.requests for c in r["completions"])
    lineage = json.loads((tmp_path / "out" / "annsmith.json").read_text())
    assert lineage["version"] == result["version"] and lineage["online"]["rounds"] == 2
    assert (tmp_path / "out" / "adapter_model.safetensors").is_file()
    assert not (tmp_path / "out" / "ref").exists(), "TRL's copy of the starting adapter is not a part of ours"

    # A second run goes on from the adapter; the reference is the base model, so there is a KL from the start.
    again = Events()
    second = settings(tmp_path, tiny, server.url, rounds=1)
    second = OnlineSettings(**{**vars(second), "adapter": tmp_path / "out", "out": tmp_path / "two"})
    run_online(second, again)
    assert again.of("step")[0]["kl"] > 1e-5 and again.of("saved")[0]["parent"] == result["version"]


def test_a_reward_server_that_vanishes_leaves_no_adapter_and_the_rounds_before(
    tiny: Path, tmp_path: Path, server: RewardServer
) -> None:
    server.reward = lambda text: float(len(text.encode()) % 7)
    server.answers = [server.measured, server.refuse]
    events = Events()
    with pytest.raises(TrainerError, match="answered 400") as caught:
        run_online(settings(tmp_path, tiny, server.url), events)
    assert caught.value.code == "reward-server" and not (tmp_path / "out").exists()
    server.answers = [server.measured]
    again = Events()
    run_online(settings(tmp_path, tiny, server.url), again)
    assert again.of("resumed") == [{"step": 1, "steps": 2}] and len(again.of("group")) == 1


def test_rounds_that_were_stopped_end_as_those_that_were_not(
    tiny: Path, tmp_path: Path, server: RewardServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five rounds over two prompts: the last pass is not a whole one, and the last prompt but one is of a second pass."""
    server.reward = lambda text: float(sum(c.isalpha() for c in text))
    given = settings(tmp_path, tiny, server.url, rounds=5, max_tokens=20, learning_rate=1e-2)

    def asked() -> list[Any]:
        made = [(r["module"], r["policy"]["version"], [c["tokenIds"] for c in r["completions"]]) for r in server.requests]
        server.requests.clear()
        return made

    whole = run_online(given, Events())
    once = asked()
    assert [module for module, *_ in once] == ["search", "construction", "search", "construction", "search"]
    for done in range(1, 5):
        again = replace(given, out=tmp_path / f"after-{done}")
        server.answers = [server.measured] * done + [server.refuse]
        with pytest.raises(TrainerError, match="answered 400"):
            run_online(again, Events())
        server.requests.pop()
        server.answers = [server.measured]
        # What a kill leaves that comes while TRL writes the last file of a checkpoint.
        torn = tmp_path / f"after-{done}.round" / f"checkpoint-{done + 1}"
        torn.mkdir()
        (torn / "trainer_state.json").write_text('{"global_step":')
        assert run_online(again, Events())["version"] == whole["version"]
        assert asked() == once

    def full(*_: Any) -> str:
        raise OSError(28, "No space left on device")

    last = replace(given, out=tmp_path / "unpublished")
    with monkeypatch.context() as patch:
        patch.setattr(online, "save_adapter", full)
        with pytest.raises(OSError, match="No space"):
            run_online(last, Events())
    assert asked() == once and not last.out.exists()
    events = Events()
    assert run_online(last, events)["version"] == whole["version"]
    assert events.of("resumed") == [{"step": 5, "steps": 5}] and not asked() and not events.of("step")


def test_the_loss_gets_the_advantages_of_the_design_clipped_ones_too(
    tiny: Path, tmp_path: Path, server: RewardServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from annsmith_trainer.trl_trainer import MeasuredTrainer

    rewards = [1.0, *[-1.0] * 7]

    def one_is_good(handler: Any, body: Any) -> None:
        rated = [{"id": c["id"], "reward": rewards[int(c["id"])], "verdict": "accepted"} for c in body["completions"]]
        server.reply(handler, 200, {"rewards": rated})

    server.answers = [one_is_good]
    seen: list[float] = []
    compute = MeasuredTrainer._compute_loss

    def watched(self: Any, model: Any, inputs: Any) -> Any:
        seen.extend(inputs["advantages"].tolist())
        return compute(self, model, inputs)

    made: list[float] = []
    generate = MeasuredTrainer._generate_and_score_completions

    def kept(self: Any, inputs: Any) -> Any:
        batch = generate(self, inputs)
        made.extend(batch["advantages"].tolist())
        return batch

    monkeypatch.setattr(MeasuredTrainer, "_compute_loss", watched)
    monkeypatch.setattr(MeasuredTrainer, "_generate_and_score_completions", kept)
    run_online(settings(tmp_path, tiny, server.url, rounds=1, group=8, max_tokens=8, advantage_limit=1.5), Events())
    wanted = normalise(rewards, 1.5).advantages
    assert max(wanted) == 1.5 and sum(wanted) < -1
    # In the order of the completions; TRL shuffles them afterwards, with all that belongs to them.
    assert made == pytest.approx(wanted, abs=1e-6)
    assert sorted(seen) == pytest.approx(sorted(wanted), abs=1e-6)


def test_a_prompt_that_does_not_fit_is_said_before_anything_is_sampled(
    tiny: Path, tmp_path: Path, server: RewardServer
) -> None:
    with pytest.raises(TrainerError, match=r"prompts.jsonl:2: .* more than the 512 that the model takes") as caught:
        run_online(settings(tmp_path, tiny, server.url, max_tokens=500), Events())
    assert caught.value.code == "too-long" and "--max-tokens 490" in caught.value.fix
    assert not server.requests and not (tmp_path / "out.round").exists()


def test_unfinished_rounds_of_other_settings_are_not_continued(
    tiny: Path, tmp_path: Path, server: RewardServer
) -> None:
    server.reward = lambda text: float(len(text.encode()) % 7)
    first = settings(tmp_path, tiny, server.url, max_tokens=40)
    # Nothing was done yet, so there is nothing to lose: other settings begin anew.
    server.answers = [server.refuse]
    with pytest.raises(TrainerError, match="answered 400"):
        run_online(replace(first, seed=5), Events())
    server.answers = [server.measured, server.refuse]
    with pytest.raises(TrainerError, match="answered 400"):
        run_online(first, Events())
    server.answers = [server.measured]
    asked = len(server.requests)
    events = Events()
    for other, named in [
        ({"seed": 2, "temperature": 0.9}, r"settings \(seed, temperature\)"),
        ({"model": make_tiny_model(tmp_path / "wider", hidden=48)}, "base"),
    ]:
        with pytest.raises(TrainerError, match=f"an unfinished round that differs in {named}$") as caught:
            run_online(replace(first, **other), events)
        assert caught.value.code == "other-round"
    prompts = first.prompts.read_text()
    first.prompts.write_text(prompts + "\n" + prompts.splitlines()[0].replace("faster", "much faster"))
    with pytest.raises(TrainerError, match="differs in prompts$"):
        run_online(first, events)
    first.prompts.write_text(prompts)
    plan = tmp_path / "out.round" / "plan.json"
    on_cpu = plan.read_text()
    plan.write_text(on_cpu.replace('"device": "cpu"', '"device": "cuda"'))
    with pytest.raises(TrainerError, match=r"differs in device \(--device cuda then, cpu now\)$"):
        run_online(first, events)
    plan.write_text(on_cpu)
    assert not events and len(server.requests) == asked and not first.out.exists()
    run_online(replace(first, threads=None, patience=60.0), events)
    assert events.of("resumed") == [{"step": 1, "steps": 2}]
    # With --fresh it is another one's folder no more.
    server.answers = [server.measured, server.refuse]
    with pytest.raises(TrainerError, match="answered 400"):
        run_online(replace(first, out=tmp_path / "two"), Events())
    server.answers = [server.measured]
    again = Events()
    run_online(replace(first, out=tmp_path / "two", seed=2, rounds=1, fresh=True), again)
    assert not again.of("resumed") and len(again.of("step")) == 1


def test_a_group_without_a_reward_is_skipped(tiny: Path, tmp_path: Path, server: RewardServer) -> None:
    server.reward = lambda text: None
    events = Events()
    run_online(settings(tmp_path, tiny, server.url, rounds=1), events)
    assert events.of("group")[0]["skipped"] == "unrewarded"
    assert abs(events.of("step")[0]["loss"]) < 1e-9
    server.reward = lambda text: 0.5
    flat = Events()
    run_online(settings(tmp_path, tiny, server.url, rounds=1, out=tmp_path / "flat"), flat)
    assert flat.of("group")[0]["skipped"] == "zero-variance"


@pytest.mark.parametrize(
    ("group", "micro", "fix"),
    [(8, 8, "Use --micro-batch 4 "), (9, 9, "Use --micro-batch 3 "), (8, 1, "A whole group is sampled at once: ")],
)
def test_out_of_memory_names_a_setting_that_the_command_takes(
    tiny: Path, tmp_path: Path, server: RewardServer, monkeypatch: pytest.MonkeyPatch, group: int, micro: int, fix: str
) -> None:
    from annsmith_trainer.trl_trainer import MeasuredTrainer

    def full(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(MeasuredTrainer, "train", full)
    given = settings(tmp_path, tiny, server.url, group=group, micro_batch=micro)
    with pytest.raises(TrainerError, match=f"--micro-batch {micro}, --group {group} and --max-tokens 200") as caught:
        run_online(given, Events())
    assert caught.value.code == "out-of-memory" and caught.value.fix.startswith(fix)
    assert "fewer --max-tokens or a smaller --group" in caught.value.fix and "--fresh" not in caught.value.fix
    # With a step on disk, which other settings do not go on from.
    (tmp_path / "out.round" / "checkpoint-1").mkdir()
    with pytest.raises(TrainerError) as caught:
        run_online(given, Events())
    assert "add --fresh" in caught.value.fix
    monkeypatch.setattr(adapters, "load_base", full)
    with pytest.raises(TrainerError, match="for the model alone") as caught:
        run_online(given, Events())
    assert caught.value.code == "out-of-memory" and "--model" in caught.value.fix


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"group": 1}, "--group"),
        ({"rounds": 0}, "--rounds"),
        ({"temperature": 0.0}, "--temperature"),
        ({"eps": 0.0}, "--eps"),
        ({"micro_batch": 3}, "--micro-batch"),
    ],
)
def test_settings_out_of_range_are_named(tmp_path: Path, tiny: Path, wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(TrainerError) as error:
        run_online(settings(tmp_path, tiny, "http://127.0.0.1:1", **wrong), Events())
    assert error.value.code == "setting" and named in str(error.value)
