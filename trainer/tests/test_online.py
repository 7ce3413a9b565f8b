from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator

import pytest

from annsmith_trainer.errors import TrainerError
from annsmith_trainer.online import read_prompts, run_online
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
    return OnlineSettings(
        prompts=prompts, rewards=url, model=tiny, adapter=None, out=tmp_path / "out", **{**given, **more}
    )


def test_rounds_sample_measure_and_update(tiny: Path, tmp_path: Path, server: RewardServer) -> None:
    events = Events()
    # Something that random bytes differ in.
    server.reward = lambda text: float(sum(c.isalpha() for c in text))
    result = run_online(settings(tmp_path, tiny, server.url, learning_rate=1e-2), events)
    assert len(events.of("step")) == 2 and len(events.of("group")) == 2
    assert all(r["module"] in ("search", "construction") for r in server.requests)
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
    tiny: Path, tmp_path: Path, server: RewardServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = lambda handler, body: server.reply(handler, 400, {"error": {"message": "no such module"}})  # noqa: E731
    server.reward = lambda text: float(len(text.encode()) % 7)
    server.answers = [server.measured, refuse]
    events = Events()
    with pytest.raises(TrainerError, match="answered 400") as caught:
        run_online(settings(tmp_path, tiny, server.url), events)
    assert caught.value.code == "reward-server" and not (tmp_path / "out").exists()
    server.answers = [server.measured]
    again = Events()
    run_online(settings(tmp_path, tiny, server.url), again)
    assert again.of("resumed") == [{"step": 1, "steps": 2}] and len(again.of("group")) == 1


def test_unfinished_rounds_of_other_settings_are_not_continued(
    tiny: Path, tmp_path: Path, server: RewardServer
) -> None:
    refuse = lambda handler, body: server.reply(handler, 400, {"error": {"message": "no such module"}})  # noqa: E731
    server.reward = lambda text: float(len(text.encode()) % 7)
    first = settings(tmp_path, tiny, server.url, max_tokens=40)
    # Nothing was done yet, so there is nothing to lose: other settings begin anew.
    server.answers = [refuse]
    with pytest.raises(TrainerError, match="answered 400"):
        run_online(replace(first, seed=5), Events())
    server.answers = [server.measured, refuse]
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
    assert not events and len(server.requests) == asked and not first.out.exists()
    run_online(replace(first, threads=None, patience=60.0), events)
    assert events.of("resumed") == [{"step": 1, "steps": 2}]
    # With --fresh it is another one's folder no more.
    server.answers = [server.measured, refuse]
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


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "no prompts"), ('{"module":"search"}', ":1: not a prompt"), ("{", ":1: not a prompt")],
)
def test_prompts_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text(text)
    with pytest.raises(TrainerError, match=message):
        read_prompts(file)


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
