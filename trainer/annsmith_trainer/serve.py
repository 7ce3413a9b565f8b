"""A local model behind the part of OpenAI's protocol that Annsmith uses, with vLLM's way of loading adapters.

For one person's machine and for tests: requests are answered one after the other. Serve more with vLLM.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Iterator

import torch

from .errors import TrainerError, in_short, is_out_of_memory
from .events import Emit
from .models import context_limit, load_base, pick_device, require_adapter_folder

MOST_BODY = 16 << 20


@dataclass(frozen=True)
class Answer:
    """One completion: the tokens that were sampled, the end included, and the model's log-probability of each."""

    text: str
    token_ids: list[int]
    logprobs: list[float]
    finish: str


class BadRequest(Exception):
    """What the caller can put right; with the HTTP status for it."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class LocalModel:
    """A base model and adapters by name. One call at a time."""

    def __init__(self, folder: Path, name: str, device: str) -> None:
        self.name = name
        target, dtype = pick_device(device)
        self._model, self.tokenizer = load_base(folder, target, dtype)
        self._model.eval()
        self._device = target
        self._lock = threading.Lock()
        # Name given -> (folder, PEFT's own name for it). A name is never reused inside PEFT.
        self._adapters: dict[str, tuple[Path, str]] = {}
        self._loaded = 0

    def names(self) -> list[tuple[str, str | None]]:
        """Of the base and of each adapter, with its folder."""
        return [(self.name, None), *((n, str(folder)) for n, (folder, _) in self._adapters.items())]

    def load_adapter(self, name: str, folder: Path, replace: bool) -> None:
        """Loads an adapter beside those that are there; the ones before serve on until it is whole. After a failure the
        model answers as it did. @raises BadRequest"""
        if name == self.name:
            raise BadRequest(f"{name} is the base model's name")
        if name in self._adapters and not replace:
            raise BadRequest(f"The lora adapter '{name}' has already been loaded.")
        try:
            require_adapter_folder(folder)
        except TrainerError as error:
            raise BadRequest(error.message, 404) from None
        from .attach import attach

        with self._lock:
            self._loaded += 1
            inner = f"a{self._loaded}"
            try:
                self._model = attach(self._model, folder, inner)
            except Exception as error:  # PEFT and safetensors have a class for each thing that may be wrong with it.
                if is_out_of_memory(error):
                    raise
                raise BadRequest(f"{folder} does not fit {self.name}, or is damaged: {in_short(error)}") from None
            self._model.eval()
            old = self._adapters.get(name)
            self._adapters[name] = (folder, inner)
            if old is not None:
                self._model.delete_adapter(old[1])

    def unload_adapter(self, name: str) -> None:
        with self._lock:
            if name not in self._adapters:
                raise BadRequest(f"The lora adapter '{name}' cannot be found.", 404)
            _, inner = self._adapters.pop(name)
            # PEFT keeps at least one adapter; the last one stays in memory, switched off.
            if len(self._model.peft_config) > 1:
                self._model.delete_adapter(inner)

    def sample(
        self, model: str, messages: list[dict[str, str]], n: int, temperature: float, seed: int, max_tokens: int
    ) -> tuple[list[Answer], int]:
        """`n` completions, and the tokens of the prompt. The same seed gives the same completions."""
        prompt = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)["input_ids"]
        limit = context_limit(self._model)
        if limit and len(prompt) >= limit:
            raise BadRequest(f"The prompt has {len(prompt)} tokens, the model takes {limit}.")
        if limit:
            max_tokens = min(max_tokens, limit - len(prompt))
        with self._lock, torch.no_grad(), self._with(model):
            generator = torch.Generator(self._device).manual_seed(seed)
            return self._generate(list(prompt), n, temperature, generator, max_tokens), len(prompt)

    def _with(self, model: str) -> Any:
        from contextlib import nullcontext

        from peft import PeftModel

        if model == self.name:
            return self._model.disable_adapter() if isinstance(self._model, PeftModel) else nullcontext()
        if model not in self._adapters:
            raise BadRequest(f"The model `{model}` does not exist.", 404)
        self._model.set_adapter(self._adapters[model][1])
        return nullcontext()

    def _generate(
        self, prompt: list[int], n: int, temperature: float, generator: torch.Generator, max_tokens: int
    ) -> list[Answer]:
        """Token by token for all completions together; those that have ended only go along."""
        ends = self._ends()
        ids: list[list[int]] = [[] for _ in range(n)]
        logprobs: list[list[float]] = [[] for _ in range(n)]
        open_rows = set(range(n))
        # The prompt once; its cache is then shared out.
        output = self._model(input_ids=torch.tensor([prompt], device=self._device), use_cache=True, logits_to_keep=1)
        cache = output.past_key_values
        if n > 1:
            cache.batch_repeat_interleave(n)
        logits = output.logits[:, -1].expand(n, -1)
        for _ in range(max_tokens):
            raw = logits.float().log_softmax(-1)
            if temperature == 0:
                chosen = raw.argmax(-1)
            else:
                shares = (raw / temperature).softmax(-1)
                chosen = torch.multinomial(shares, 1, generator=generator).squeeze(-1)
            picked = raw.gather(-1, chosen.unsqueeze(-1)).squeeze(-1).tolist()
            for row in sorted(open_rows):
                token = int(chosen[row])
                ids[row].append(token)
                logprobs[row].append(picked[row])
                if token in ends:
                    open_rows.discard(row)
            if not open_rows:
                break
            output = self._model(input_ids=chosen.unsqueeze(-1), past_key_values=cache, use_cache=True)
            cache, logits = output.past_key_values, output.logits[:, -1]
        return [
            Answer(
                self.tokenizer.decode(row, skip_special_tokens=True),
                row,
                logprobs[k],
                "length" if k in open_rows else "stop",
            )
            for k, row in enumerate(ids)
        ]

    def _ends(self) -> set[int]:
        given = self._model.generation_config.eos_token_id
        listed = given if isinstance(given, list) else [given]
        return {i for i in [*listed, self.tokenizer.eos_token_id] if i is not None}


class Handler(BaseHTTPRequestHandler):
    """The routes."""

    protocol_version = "HTTP/1.1"
    model: LocalModel

    def do_GET(self) -> None:
        if self.path == "/health":
            self._reply(200, {})
        elif self.path == "/v1/models":
            base = self.model.name
            data = [
                {"id": name, "object": "model", "owned_by": "annsmith", "root": root or name, "parent": base if root else None}
                for name, root in self.model.names()
            ]
            self._reply(200, {"object": "list", "data": data})
        else:
            self._fail(404, f"no route {self.path}")

    def do_POST(self) -> None:
        routes = {
            "/v1/chat/completions": self._chat,
            "/v1/load_lora_adapter": self._load,
            "/v1/unload_lora_adapter": self._unload,
        }
        try:
            length = int(self.headers.get("content-length", ""))
            if length > MOST_BODY:
                self.close_connection = True
                raise BadRequest(f"a body of more than {MOST_BODY} bytes", 413)
            body = json.loads(self.rfile.read(length))
            if self.path not in routes:
                raise BadRequest(f"no route {self.path}", 404)
            if not isinstance(body, dict):
                raise BadRequest("the body is no JSON object")
            routes[self.path](body)
        except BadRequest as error:
            self._fail(error.status, str(error))
        except ValueError as error:
            self._fail(400, f"not readable: {error}")
        except (ConnectionError, BrokenPipeError):
            self.close_connection = True
        except Exception as error:
            if not is_out_of_memory(error):
                self._fail(500, f"{type(error).__name__}: {error}")
                return
            self._fail(503, "out of memory: ask for fewer completions at a time (n), or for fewer tokens (max_tokens)")

    def _load(self, body: dict[str, Any]) -> None:
        name, folder = _string(body, "lora_name"), _string(body, "lora_path")
        self.model.load_adapter(name, Path(folder), body.get("load_inplace") is True)
        self._say(f"Success: LoRA adapter '{name}' added successfully.")

    def _unload(self, body: dict[str, Any]) -> None:
        name = _string(body, "lora_name")
        self.model.unload_adapter(name)
        self._say(f"Success: LoRA adapter '{name}' removed successfully.")

    def _chat(self, body: dict[str, Any]) -> None:
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise BadRequest("messages: not a list of messages")
        told = [{"role": _string(m, "role"), "content": _string(m, "content")} for m in messages]
        most = body.get("max_completion_tokens", body.get("max_tokens", 1024))
        answers, prompt_tokens = self.model.sample(
            _string(body, "model"),
            told,
            int(_number(body, "n", 1, 1, 64)),
            _number(body, "temperature", 1.0, 0.0, 10.0),
            int(_number(body, "seed", time.time_ns() % (1 << 31), -(2**62), 2**62)),
            int(_number({"max_tokens": most}, "max_tokens", 1024, 1, 1 << 20)),
        )
        usage = {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": sum(len(a.token_ids) for a in answers),
            "total_tokens": prompt_tokens + sum(len(a.token_ids) for a in answers),
        }
        head = {"id": f"chatcmpl-{time.time_ns():x}", "created": int(time.time()), "model": body["model"]}
        choices = [self._choice(i, answer, body) for i, answer in enumerate(answers)]
        if body.get("stream") is not True:
            whole = [{**extra, "index": i, "message": {"role": "assistant", "content": t}} for i, t, extra in choices]
            self._reply(200, {**head, "object": "chat.completion", "choices": whole, "usage": usage})
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in self._pieces(head, choices, usage, body):
            data = f"data: {piece}\n\n".encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def _choice(self, index: int, answer: Answer, body: dict[str, Any]) -> tuple[int, str, dict[str, Any]]:
        extra: dict[str, Any] = {"finish_reason": answer.finish, "logprobs": None}
        if body.get("logprobs") is True:
            as_ids = body.get("return_tokens_as_token_ids") is True
            content = [
                {"token": f"token_id:{i}" if as_ids else self.model.tokenizer.decode([i]), "logprob": p, "top_logprobs": []}
                for i, p in zip(answer.token_ids, answer.logprobs)
            ]
            extra["logprobs"] = {"content": content}
        if body.get("return_token_ids") is True:
            extra["token_ids"] = answer.token_ids
        return index, answer.text, extra

    def _pieces(
        self, head: dict[str, Any], choices: list[tuple[int, str, dict[str, Any]]], usage: dict[str, int], body: dict[str, Any]
    ) -> Iterator[str]:
        chunk = {**head, "object": "chat.completion.chunk"}
        for index, text, extra in choices:
            delta = {"role": "assistant", "content": text}
            yield json.dumps({**chunk, "choices": [{**extra, "index": index, "delta": delta}]})
        options = body.get("stream_options")
        if isinstance(options, dict) and options.get("include_usage") is True:
            yield json.dumps({**chunk, "choices": [], "usage": usage})
        yield "[DONE]"

    def _reply(self, status: int, value: Any) -> None:
        self._send(status, json.dumps(value).encode(), "application/json")

    def _say(self, text: str) -> None:
        self._send(200, text.encode(), "text/plain")

    def _fail(self, status: int, message: str) -> None:
        self._reply(status, {"error": {"message": message, "type": "invalid_request_error", "code": status}})

    def _send(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Standard output is for events; requests are not logged."""


def make_server(model: LocalModel, host: str, port: int) -> ThreadingHTTPServer:
    handler = type("BoundHandler", (Handler,), {"model": model})
    try:
        server = ThreadingHTTPServer((host, port), handler)
    except OSError as error:
        raise TrainerError("port", f"{host}:{port}: {error.strerror}", "Give another --port; 0 takes a free one.") from None
    server.daemon_threads = True
    return server


def run_serve(
    folder: Path, name: str | None, adapters: list[tuple[str, Path]], host: str, port: int, device: str, emit: Emit
) -> None:
    """Serves until it is interrupted."""
    model = LocalModel(folder, name or folder.resolve().name, device)
    for given, path in adapters:
        try:
            model.load_adapter(given, path, replace=False)
        except BadRequest as error:
            raise TrainerError("no-adapter", str(error), "Check --adapter NAME=FOLDER.") from None
    server = make_server(model, host, port)
    # Stopped from another thread: shutdown waits for the loop, which runs in this one.
    stop = lambda *_: threading.Thread(target=server.shutdown).start()  # noqa: E731
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    shown = f"[{host}]" if ":" in host else host
    emit("serving", url=f"http://{shown}:{server.server_address[1]}/v1", models=[n for n, _ in model.names()])
    server.serve_forever(poll_interval=0.2)
    server.server_close()
    emit("stopped")


def _string(fields: Any, name: str) -> str:
    value = fields.get(name) if isinstance(fields, dict) else None
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name}: not a text")
    return value


def _number(fields: dict[str, Any], name: str, default: float, least: float, most: float) -> float:
    value = fields.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise BadRequest(f"{name}: not a number from {least:g} to {most:g}")
    return value
