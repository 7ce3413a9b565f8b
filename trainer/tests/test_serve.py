from __future__ import annotations

import http.client
import json
import shutil
import threading
from pathlib import Path
from typing import Any, Iterator

import pytest
import torch

from annsmith_trainer.adapters import save_adapter, set_weights, weights_of, with_adapter
from annsmith_trainer.errors import TrainerError
from annsmith_trainer.handover import AdapterServer, hand_over, read_pointer, roll_back
from annsmith_trainer.models import load_base
from annsmith_trainer.scoring import Scorer
from annsmith_trainer.serve import LocalModel, make_server
from conftest import Events, make_tiny_model


def make_adapter(tiny: Path, out: Path, seed: int, scale: float = 0.5) -> Path:
    """An adapter that changes what the model writes."""
    base, _ = load_base(tiny, "cpu", torch.float32)
    model = with_adapter(base, None, 4, 8, seed)
    torch.manual_seed(seed)
    set_weights(model, {n: scale * torch.randn_like(w) for n, w in weights_of(model).items()})
    save_adapter(model, out, {"parent": "base"})
    return out


class Served:
    def __init__(self, tiny: Path) -> None:
        self.model = LocalModel(tiny, "tiny", "cpu")
        self.server = make_server(self.model, "127.0.0.1", 0)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, f"/v1{path}", None if body is None else json.dumps(body))
        response = connection.getresponse()
        data = response.read().decode()
        connection.close()
        try:
            return response.status, json.loads(data)
        except ValueError:
            return response.status, data

    def chat(self, model: str = "tiny", **more: Any) -> tuple[int, Any]:
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 8, "seed": 5, **more}
        return self.call("POST", "/chat/completions", body)


@pytest.fixture
def served(tiny: Path) -> Iterator[Served]:
    made = Served(tiny)
    yield made
    made.close()


def texts(answer: Any) -> list[str]:
    return [c["message"]["content"] for c in answer["choices"]]


def test_completions_with_ids_and_logprobs_that_the_trainer_finds_again(served: Served, tiny: Path) -> None:
    status, answer = served.chat(n=3, temperature=0.9, logprobs=True, return_token_ids=True)
    assert status == 200 and len(answer["choices"]) == 3
    assert answer["usage"]["completion_tokens"] == sum(len(c["token_ids"]) for c in answer["choices"])
    base, tokenizer = load_base(tiny, "cpu", torch.float32)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "hi"}], add_generation_prompt=True, return_dict=True
    )["input_ids"]
    ids = [c["token_ids"] for c in answer["choices"]]
    with torch.no_grad():
        scores = Scorer(base, 1)(prompt, ids)
    for row, choice in enumerate(answer["choices"]):
        told = [t["logprob"] for t in choice["logprobs"]["content"]]
        assert told == pytest.approx(scores.logprobs[row, : len(told)].tolist(), abs=1e-4)
        assert choice["finish_reason"] in ("stop", "length")


def test_the_same_seed_gives_the_same_text_and_another_one_does_not(served: Served) -> None:
    first, again, other = (texts(served.chat(n=2, seed=s)[1]) for s in (7, 7, 8))
    assert first == again != other and first[0] != first[1]


def test_a_stream_carries_the_same_as_a_whole_answer(served: Served) -> None:
    _, whole = served.chat(n=2, return_token_ids=True, logprobs=True, return_tokens_as_token_ids=True)
    _, stream = served.chat(
        n=2, return_token_ids=True, logprobs=True, return_tokens_as_token_ids=True, stream=True,
        stream_options={"include_usage": True},
    )
    lines = [line.removeprefix("data: ") for line in stream.split("\n") if line]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    assert [c["choices"][0]["delta"]["content"] for c in chunks[:-1]] == texts(whole)
    assert [c["choices"][0]["token_ids"] for c in chunks[:-1]] == [c["token_ids"] for c in whole["choices"]]
    assert chunks[0]["choices"][0]["logprobs"]["content"][0]["token"].startswith("token_id:")
    assert chunks[-1]["usage"] == whole["usage"]


def test_adapters_are_loaded_listed_replaced_and_unloaded_while_it_runs(
    served: Served, tiny: Path, tmp_path: Path
) -> None:
    one, two = make_adapter(tiny, tmp_path / "one", 1), make_adapter(tiny, tmp_path / "two", 2)
    base = texts(served.chat(temperature=0)[1])
    assert served.call("POST", "/load_lora_adapter", {"lora_name": "a", "lora_path": str(one)})[0] == 200
    assert [m["id"] for m in served.call("GET", "/models")[1]["data"]] == ["tiny", "a"]
    with_one = texts(served.chat("a", temperature=0)[1])
    assert with_one != base == texts(served.chat(temperature=0)[1])
    status, refused = served.call("POST", "/load_lora_adapter", {"lora_name": "a", "lora_path": str(two)})
    assert status == 400 and "already" in refused["error"]["message"]
    body = {"lora_name": "a", "lora_path": str(two), "load_inplace": True}
    assert served.call("POST", "/load_lora_adapter", body)[0] == 200
    assert texts(served.chat("a", temperature=0)[1]) not in (with_one, base)
    assert served.call("POST", "/unload_lora_adapter", {"lora_name": "a"})[0] == 200
    assert served.chat("a")[0] == 404 and texts(served.chat(temperature=0)[1]) == base


def spoilt(good: Path, tiny: Path, out: Path, how: str) -> Path:
    """An adapter that cannot be loaded."""
    if how == "shape":
        return make_adapter(make_tiny_model(out.with_name("wider"), hidden=48), out, 1)
    shutil.copytree(good, out)
    if how == "damaged":
        weights = out / "adapter_model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])
    else:
        config = json.loads((out / "adapter_config.json").read_text())
        changed = {"no such layer": {"target_modules": ["nothing"]}, "other kind": {"peft_type": "IA3"}}[how]
        (out / "adapter_config.json").write_text(json.dumps({**config, **changed}))
    return out


@pytest.mark.parametrize(
    ("how", "status", "why"),
    [
        ("shape", 400, "size mismatch for "),
        ("damaged", 400, "or is damaged"),
        ("no such layer", 400, "does not fit tiny"),
        ("other kind", 404, "peft_type is not LORA"),
    ],
)
def test_an_adapter_that_cannot_be_loaded_leaves_the_model_as_it_was(
    served: Served, tiny: Path, tmp_path: Path, how: str, status: int, why: str
) -> None:
    good, other = make_adapter(tiny, tmp_path / "good", 1), make_adapter(tiny, tmp_path / "other", 2)
    bad = spoilt(good, tiny, tmp_path / "bad", how)
    ask = lambda name, folder: served.call("POST", "/load_lora_adapter", {"lora_name": name, "lora_path": str(folder)})  # noqa: E731
    answered = lambda model="tiny": served.chat(model, temperature=0, logprobs=True)[1]["choices"]  # noqa: E731
    layers = lambda: [type(m) for m in served.model._model.modules()]  # noqa: E731
    base, bare = answered(), layers()
    # As the first one of all, twice; then beside one that is there.
    for _ in range(2):
        got, refused = ask("bad", bad)
        assert got == status and why in refused["error"]["message"] and str(bad) in refused["error"]["message"]
        assert answered() == base and layers() == bare and served.chat("bad")[0] == 404
    assert ask("good", good)[0] == 200
    one, loaded = answered("good"), layers()
    assert one != base
    assert ask("bad", bad)[0] == status
    assert answered("good") == one and answered() == base and layers() == loaded
    assert ask("other", other)[0] == 200
    assert answered("other") not in (one, base) and answered("good") == one and answered() == base


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/chat/completions", {"model": "tiny"}, 400),
        ("/chat/completions", {"model": "other", "messages": [{"role": "user", "content": "x"}]}, 404),
        ("/chat/completions", {"model": "tiny", "messages": [{"role": "user", "content": "x"}], "n": 0}, 400),
        ("/chat/completions", {"model": "tiny", "messages": [{"role": "user", "content": "x" * 600}]}, 400),
        ("/chat/completions", [], 400),
        ("/load_lora_adapter", {"lora_name": "a", "lora_path": "/nowhere"}, 404),
        ("/load_lora_adapter", {"lora_name": "a"}, 400),
        ("/unload_lora_adapter", {"lora_name": "a"}, 404),
        ("/nothing", {}, 404),
    ],
)
def test_bad_requests_are_answered(served: Served, path: str, body: Any, status: int) -> None:
    got, answer = served.call("POST", path, body)
    assert got == status and answer["error"]["message"]


def test_hand_over_promotes_and_rolls_back(served: Served, tiny: Path, tmp_path: Path) -> None:
    one, two = make_adapter(tiny, tmp_path / "one", 1, 0.1), make_adapter(tiny, tmp_path / "two", 2, 0.1)
    pointer, server, events = tmp_path / "policies" / "tiny" / "current.json", AdapterServer(served.url), Events()
    first = hand_over(server, one, "tiny", pointer, events)
    assert read_pointer(pointer) == first and first.name in server.models()
    assert hand_over(server, one, "tiny", pointer, events) == first, "twice is as once"
    second = hand_over(server, two, "tiny", pointer, events)
    assert server.models() == ["tiny", second.name]
    assert roll_back(server, pointer, events) == first
    assert server.models() == ["tiny", first.name] and read_pointer(pointer) == first
    assert roll_back(server, pointer, events) is None
    assert server.models() == ["tiny"] and read_pointer(pointer) is None
    with pytest.raises(TrainerError, match="no adapter is promoted"):
        roll_back(server, pointer, events)


def test_an_adapter_that_fails_its_trial_is_taken_back(served: Served, tiny: Path, tmp_path: Path) -> None:
    good = make_adapter(tiny, tmp_path / "good", 1, 0.1)
    base, _ = load_base(tiny, "cpu", torch.float32)
    model = with_adapter(base, None, 4, 8, 1)
    set_weights(model, {n: torch.full_like(w, float("nan")) for n, w in weights_of(model).items()})
    save_adapter(model, tmp_path / "broken", {})
    pointer, server, events = tmp_path / "current.json", AdapterServer(served.url), Events()
    promoted = hand_over(server, good, "tiny", pointer, events)
    with pytest.raises(TrainerError) as caught:
        hand_over(server, tmp_path / "broken", "tiny", pointer, events)
    assert caught.value.code in ("sanity", "server")
    assert server.models() == ["tiny", promoted.name] and read_pointer(pointer) == promoted
