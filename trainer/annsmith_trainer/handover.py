"""Hands a new adapter to the server that samples: load, try, promote; or leave everything as it was."""

from __future__ import annotations

import http.client
import json
import math
import os
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .adapters import LINEAGE
from .checkpoint import write_whole
from .credentials import require_sendable
from .errors import TrainerError
from .events import Emit
from .models import adapter_version, require_adapter_folder

KEY_VARIABLE = "OPENAI_API_KEY"

# Asked of every new adapter; anything that still writes passes.
SANITY_PROMPT = [{"role": "user", "content": "Write a C++ function that returns the larger of two integers."}]
SANITY_TOKENS = 48
# From here on a piece of text is repetition, and not a figure of speech.
LEAST_REPEATS = 8


class AdapterServer:
    """vLLM's API for adapters at run time, which our own `serve` speaks too.

    vLLM needs VLLM_ALLOW_RUNTIME_LORA_UPDATING=True and --enable-lora, and must see the adapter under the same path.
    """

    def __init__(self, url: str, timeout: float = 300.0) -> None:
        self._parts = urlsplit(url)
        self._timeout = timeout
        if self._parts.scheme not in ("http", "https") or not self._parts.hostname:
            raise TrainerError("server-url", f"{url}: not an http address", "Give the server's address, up to /v1.")

    def models(self) -> list[str]:
        data = self._call("GET", "/models", None)
        try:
            return [str(m["id"]) for m in json.loads(data)["data"]]
        except (ValueError, KeyError, TypeError):
            raise TrainerError("server", "the server's list of models is not readable", "Check --server.") from None

    def load(self, name: str, folder: Path) -> None:
        self._call("POST", "/load_lora_adapter", {"lora_name": name, "lora_path": str(folder.resolve())})

    def unload(self, name: str) -> None:
        self._call("POST", "/unload_lora_adapter", {"lora_name": name})

    def sanity(self, name: str, needs_logprobs: bool = True) -> str:
        """A short greedy answer.

        @raises TrainerError where it is empty, says one thing over and over, or its log-probabilities (natural) are no
        numbers; and where the server gives none of those and they are needed, as then nothing is known of the adapter
        """
        body = {
            "model": name,
            "messages": SANITY_PROMPT,
            "max_tokens": SANITY_TOKENS,
            "temperature": 0,
            "logprobs": True,
        }
        try:
            choice = json.loads(self._call("POST", "/chat/completions", body))["choices"][0]
            text = str(choice["message"]["content"] or "")
            tokens = (choice.get("logprobs") or {}).get("content") or []
            logprobs = [t["logprob"] for t in tokens]
            written = [t["token"] for t in tokens]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            raise TrainerError("server", "the server's answer is not a chat completion", "Check --server.") from None
        wrong = None
        if not text.strip():
            wrong = "it writes nothing"
        elif (len(written) >= SANITY_TOKENS and len(set(written)) <= 2) or _repeats(text):
            wrong = f"it repeats itself: {text[:40]!r}"
        elif any(not isinstance(p, (int, float)) or not math.isfinite(p) for p in logprobs):
            wrong = "its log-probabilities are no numbers"
        elif not logprobs and needs_logprobs:
            raise TrainerError(
                "sanity",
                f"the adapter {name} cannot be tried: the server gives no log-probabilities",
                "Give the address of a server that answers `logprobs: true`, as vLLM and `annsmith_trainer serve` do, to "
                "--server; a gateway in front of one may leave them out.",
            )
        if wrong is not None:
            raise TrainerError(
                "sanity", f"the adapter {name} failed its trial: {wrong}", "Repeat the round with a lower --learning-rate."
            )
        return text

    def _call(self, method: str, path: str, body: Any) -> bytes:
        parts = self._parts
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self._timeout)
        headers = {"content-type": "application/json"}
        if key := os.environ.get(KEY_VARIABLE):
            headers["authorization"] = f"Bearer {require_sendable(key, KEY_VARIABLE, 'server-key')}"
        try:
            payload = None if body is None else json.dumps(body).encode()
            connection.request(method, parts.path.rstrip("/") + path, payload, headers)
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise TrainerError(
                "server-gone", f"the model server at {parts.netloc} cannot be reached: {error}", "Start it, then repeat."
            ) from None
        finally:
            connection.close()
        if response.status == 200:
            return data
        said = _message(data)
        if response.status in (401, 403):
            raise TrainerError("server-key", "the model server refuses the key", f"Set {KEY_VARIABLE}.")
        if response.status in (404, 405) and path.endswith("_lora_adapter") and "adapter" not in said:
            raise TrainerError(
                "no-runtime-lora",
                f"the model server at {parts.netloc} does not load adapters at run time",
                "Start vLLM with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True.",
            )
        raise TrainerError("server", f"the model server answered {response.status}: {said}", "Look at its log.")


@dataclass(frozen=True)
class Promoted:
    """The adapter in use; what `current.json` of a model's folder holds."""

    name: str
    path: str
    version: str
    parent: str | None
    at: str
    # The one before, for rolling back.
    previous: dict[str, Any] | None


def read_pointer(pointer: Path) -> Promoted | None:
    """The adapter in use, or None where the base model is. @raises TrainerError where the file is damaged"""
    try:
        return Promoted(**json.loads(pointer.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise TrainerError("pointer", f"{pointer}: not readable", "Delete it to start from the base model.") from None


def hand_over(server: AdapterServer, adapter: Path, prefix: str, pointer: Path, emit: Emit) -> Promoted:
    """Loads an adapter under a name of its own, tries it and promotes it. After a failure the server and the pointer
    are as they were. @raises TrainerError"""
    require_adapter_folder(adapter)
    version = adapter_version(adapter)
    name = f"{prefix}-{version}"
    current = read_pointer(pointer)
    if name in server.models():
        # Left by a hand-over that was killed; the same name is the same weights.
        emit("loaded", name=name, already=True)
    else:
        server.load(name, adapter)
        emit("loaded", name=name, already=False)
    try:
        if name not in server.models():
            raise TrainerError("server", f"the server loaded {name} but does not list it", "Look at its log.")
        text = server.sanity(name)
        emit("sanity", name=name, text=text)
    except TrainerError:
        if current is None or current.name != name:
            _unload_quietly(server, name, emit)
        raise
    if current is not None and current.name == name:
        emit("promoted", name=name, version=version, already=True)
        return current
    promoted = Promoted(
        name=name,
        path=str(adapter.resolve()),
        version=version,
        parent=_parent(adapter),
        at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        previous=None if current is None else vars(current),
    )
    write_whole(pointer, json.dumps(vars(promoted), indent=2).encode() + b"\n")
    emit("promoted", name=name, version=version, already=False)
    # The one before stays loaded no longer than it is of use; its files stay for rolling back.
    if current is not None:
        _unload_quietly(server, current.name, emit)
    return promoted


def roll_back(server: AdapterServer, pointer: Path, emit: Emit) -> Promoted | None:
    """Goes back to the adapter before, or to the base model where there was none. Returns what is in use then."""
    current = read_pointer(pointer)
    if current is None:
        raise TrainerError("nothing-promoted", f"{pointer}: no adapter is promoted", "There is nothing to roll back.")
    before = None if current.previous is None else Promoted(**current.previous)
    if before is not None:
        require_adapter_folder(Path(before.path))
        if before.name not in server.models():
            server.load(before.name, Path(before.path))
        # It was promoted once: what a gateway leaves out must not keep anyone from going back to it.
        server.sanity(before.name, needs_logprobs=False)
        write_whole(pointer, json.dumps(vars(before), indent=2).encode() + b"\n")
    else:
        pointer.unlink()
    emit("rolled-back", name=None if before is None else before.name, dropped=current.name)
    _unload_quietly(server, current.name, emit)
    return before


def _unload_quietly(server: AdapterServer, name: str, emit: Emit) -> None:
    """What cannot be unloaded only takes memory; the failure is told and goes no further."""
    try:
        server.unload(name)
        emit("unloaded", name=name)
    except TrainerError as error:
        emit("warning", message=f"{name} is still loaded: {error.message}")


def _repeats(text: str) -> bool:
    """Whether a text is one piece of it, eight times or more."""
    text = text.strip()
    return any(text[piece:] == text[:-piece] for piece in range(1, len(text) // LEAST_REPEATS + 1))


def _parent(adapter: Path) -> str | None:
    try:
        value = json.loads((adapter / LINEAGE).read_text()).get("parent")
        return None if value is None else str(value)
    except (OSError, ValueError, AttributeError):
        return None


def _message(data: bytes) -> str:
    """vLLM wraps its message in `error` or gives it plainly, by version."""
    text = data.decode("utf-8", "replace")[:500]
    try:
        value = json.loads(text)
        inner = value.get("error", value)
        return str(inner.get("message", inner) if isinstance(inner, dict) else inner)
    except (ValueError, AttributeError):
        return text
