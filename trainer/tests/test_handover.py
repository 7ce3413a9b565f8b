"""Hand-over to vLLM: a stand-in that answers as its documentation says, and is strict about what it is asked."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Iterator

import pytest
import torch

from annsmith_trainer.adapters import save_adapter, with_adapter
from annsmith_trainer.errors import TrainerError
from annsmith_trainer.handover import AdapterServer, _repeats, hand_over, read_pointer, roll_back
from annsmith_trainer.models import load_base
from conftest import Events


class StandIn:
    """vLLM with --enable-lora: /v1/models, /v1/load_lora_adapter, /v1/unload_lora_adapter, /v1/chat/completions."""

    def __init__(self) -> None:
        self.adapters: dict[str, str] = {}
        self.log: list[tuple[str, Any]] = []
        self.runtime_lora = True
        self.text = "int larger(int a, int b) { return a > b ? a : b; }"
        self.logprob: float | None = -0.25
        self.tells_logprobs = True
        self.key: str | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                names = ["base", *outer.adapters]
                self.answer(200, {"object": "list", "data": [{"id": n, "object": "model"} for n in names]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.log.append((self.path, body))
                assert self.headers["content-type"] == "application/json"
                if outer.key is not None and self.headers["authorization"] != f"Bearer {outer.key}":
                    self.answer(401, {"error": "Unauthorized"})
                elif self.path == "/v1/chat/completions":
                    self.chat(body)
                elif not outer.runtime_lora:
                    self.answer(404, {"detail": "Not Found"})
                elif self.path == "/v1/load_lora_adapter":
                    self.load(body)
                elif self.path == "/v1/unload_lora_adapter":
                    assert set(body) == {"lora_name"}
                    if outer.adapters.pop(body["lora_name"], None) is None:
                        self.fail(404, f"The lora adapter '{body['lora_name']}' cannot be found.")
                    else:
                        self.plain("Success: LoRA adapter removed successfully.")
                else:
                    self.answer(404, {"detail": "Not Found"})

            def load(self, body: Any) -> None:
                assert set(body) == {"lora_name", "lora_path"}, body
                if body["lora_name"] in outer.adapters:
                    self.fail(400, f"The lora adapter '{body['lora_name']}' has already been loaded.")
                elif not (Path(body["lora_path"]) / "adapter_config.json").is_file():
                    self.fail(404, f"Loading lora {body['lora_name']} failed: No adapter found")
                else:
                    assert Path(body["lora_path"]).is_absolute()
                    outer.adapters[body["lora_name"]] = body["lora_path"]
                    self.plain(f"Success: LoRA adapter '{body['lora_name']}' added successfully.")

            def chat(self, body: Any) -> None:
                if body["model"] not in ("base", *outer.adapters):
                    self.fail(404, f"The model `{body['model']}` does not exist.")
                    return
                content = [{"token": t, "logprob": outer.logprob} for t in outer.text.split()]
                message = {"role": "assistant", "content": outer.text}
                choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
                if outer.tells_logprobs:
                    choice["logprobs"] = {"content": content}
                self.answer(200, {"object": "chat.completion", "choices": [choice]})

            def fail(self, status: int, message: str) -> None:
                self.answer(status, {"error": {"message": message, "type": "BadRequestError", "code": status}})

            def plain(self, text: str) -> None:
                self.send(200, text.encode())

            def answer(self, status: int, value: Any) -> None:
                self.send(status, json.dumps(value).encode())

            def send(self, status: int, data: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    made = StandIn()
    yield made
    made.close()


@pytest.fixture(scope="module")
def adapters(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    made = []
    for seed in (1, 2):
        base, _ = load_base(tiny, "cpu", torch.float32)
        folder = tmp_path_factory.mktemp("adapters") / f"a{seed}"
        save_adapter(with_adapter(base, None, 4, 8, seed), folder, {"parent": "base"})
        made.append(folder)
    return made


def test_loads_tries_promotes_and_unloads_the_one_before(
    vllm: StandIn, adapters: list[Path], tmp_path: Path
) -> None:
    pointer, server = tmp_path / "current.json", AdapterServer(vllm.url)
    first = hand_over(server, adapters[0], "qwen", pointer, Events())
    second = hand_over(server, adapters[1], "qwen", pointer, Events())
    assert first.name != second.name and list(vllm.adapters) == [second.name]
    assert [path.rsplit("/", 1)[1] for path, _ in vllm.log] == [
        "load_lora_adapter", "completions", "load_lora_adapter", "completions", "unload_lora_adapter",
    ]
    assert roll_back(server, pointer, Events()) == first and list(vllm.adapters) == [first.name]


@pytest.mark.parametrize(
    ("text", "logprob", "why"),
    [
        ("  ", -1.0, "writes nothing"),
        ("x " * 60, -1.0, "repeats itself"),
        # Few tokens, as this server cuts at spaces: the text shows it.
        ("!" * 48, -1.0, "repeats itself"),
        ("return 0; " * 9, -1.0, "repeats itself"),
        ("fine", float("nan"), "no numbers"),
        ("fine", None, "no numbers"),
    ],
)
def test_a_failed_trial_leaves_server_and_pointer_as_they_were(
    vllm: StandIn, adapters: list[Path], tmp_path: Path, text: str, logprob: float | None, why: str
) -> None:
    pointer, server = tmp_path / "current.json", AdapterServer(vllm.url)
    promoted = hand_over(server, adapters[0], "qwen", pointer, Events())
    vllm.text, vllm.logprob = text, logprob
    with pytest.raises(TrainerError, match=why) as caught:
        hand_over(server, adapters[1], "qwen", pointer, Events())
    assert caught.value.code == "sanity"
    assert list(vllm.adapters) == [promoted.name] and read_pointer(pointer) == promoted


@pytest.mark.parametrize(("text", "why"), [("!" * 48, "repeats itself"), ("int a;", "the server gives no log-prob")])
def test_a_trial_without_log_probabilities_fails(
    vllm: StandIn, adapters: list[Path], tmp_path: Path, text: str, why: str
) -> None:
    vllm.text, vllm.tells_logprobs = text, False
    with pytest.raises(TrainerError, match=why) as caught:
        hand_over(AdapterServer(vllm.url), adapters[0], "qwen", tmp_path / "c.json", Events())
    assert caught.value.code == "sanity" and not vllm.adapters and not (tmp_path / "c.json").exists()
    assert ("--server" in caught.value.fix) == (text == "int a;")


def test_going_back_needs_no_log_probabilities(vllm: StandIn, adapters: list[Path], tmp_path: Path) -> None:
    server, pointer = AdapterServer(vllm.url), tmp_path / "c.json"
    first = hand_over(server, adapters[0], "qwen", pointer, Events())
    hand_over(server, adapters[1], "qwen", pointer, Events())
    vllm.tells_logprobs = False
    back = roll_back(server, pointer, Events())
    assert back is not None and back.name == first.name


@pytest.mark.parametrize(
    ("text", "repeats"),
    [("", False), ("a", False), ("abcdefgh", False), ("ab" * 7, False), ("ab" * 8, True), (" !!!!!!!!\n", True),
     ("int larger(int a, int b) { return a > b ? a : b; }", False), ("int a; " * 9, True)],
)
def test_what_is_repetition(text: str, repeats: bool) -> None:
    assert _repeats(text) == repeats


def test_a_server_without_runtime_loading_says_how_to_start_it(
    vllm: StandIn, adapters: list[Path], tmp_path: Path
) -> None:
    vllm.runtime_lora = False
    with pytest.raises(TrainerError) as caught:
        hand_over(AdapterServer(vllm.url), adapters[0], "qwen", tmp_path / "c.json", Events())
    assert caught.value.code == "no-runtime-lora" and "VLLM_ALLOW_RUNTIME_LORA_UPDATING" in caught.value.fix


def test_keys_come_from_the_environment(
    vllm: StandIn, adapters: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vllm.key = "the-key"
    with pytest.raises(TrainerError, match="refuses the key"):
        hand_over(AdapterServer(vllm.url), adapters[0], "qwen", tmp_path / "c.json", Events())
    monkeypatch.setenv("OPENAI_API_KEY", "the-key")
    hand_over(AdapterServer(vllm.url), adapters[0], "qwen", tmp_path / "c.json", Events())
    for key in ("the-key\n", "the key", "the-k\u00e9y", "the-key\x7f"):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        with pytest.raises(TrainerError, match="^OPENAI_API_KEY: ") as caught:
            AdapterServer(vllm.url).models()
        assert caught.value.code == "server-key" and key.strip() not in str(vars(caught.value))


def test_what_is_no_adapter_or_no_server(vllm: StandIn, adapters: list[Path], tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="no LoRA adapter"):
        hand_over(AdapterServer(vllm.url), tmp_path, "qwen", tmp_path / "c.json", Events())
    with pytest.raises(TrainerError, match="cannot be reached") as gone:
        hand_over(AdapterServer("http://127.0.0.1:9/v1"), adapters[0], "qwen", tmp_path / "c.json", Events())
    assert gone.value.code == "server-gone" and not (tmp_path / "c.json").exists()
