"""Client of `annsmith serve-rewards`: completions in, measured rewards out.

Standard library only, so that OpenRLHF, verl or any other trainer can use it as it is: `RewardClient(...).score(...)`.
"""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import os
import random
import ssl
import time
from dataclasses import dataclass
from typing import Any, Callable, Sequence
from urllib.parse import urlsplit

from .errors import TrainerError

TOKEN_VARIABLE = "ANNSMITH_REWARD_TOKEN"


@dataclass(frozen=True)
class Reward:
    """What one completion is worth. `reward` is None where it could not be measured (failed or cancelled)."""

    reward: float | None
    verdict: str
    detail: str


class RewardClient:
    """Asks a reward server.

    A completion's id is the hash of its text, and the server measures the same completion once, so a request that broke
    off or came late is safe to ask again. Busy servers (429) are waited for as long as they say; others are asked again
    `retries` times. `patience`: seconds that one call may take in all, measuring included. `silence`: seconds that a
    connection may be silent; the server keeps a long request alive with white space.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        patience: float = 3600.0,
        silence: float = 120.0,
        retries: int = 4,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(url)
        loopback = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise TrainerError("reward-url", f"{url}: not an http address", "Give the address serve-rewards printed.")
        if parts.scheme == "http" and not loopback:
            raise TrainerError(
                "reward-url",
                f"{url}: the token would travel unencrypted",
                "Use https, or a tunnel to an address on this machine.",
            )
        token = token if token is not None else os.environ.get(TOKEN_VARIABLE, "")
        if not token:
            raise TrainerError("reward-token", "no token for the reward server", f"Set {TOKEN_VARIABLE}.")
        self._parts = parts
        self._token = token
        self._patience = patience
        self._silence = silence
        self._retries = retries
        self._wait = wait

    def score(self, module: str, texts: Sequence[str], prompt_hash: str | None = None) -> list[Reward]:
        """Rewards in the order of `texts`. Equal texts are sent once. @raises TrainerError (codes `reward-...`)"""
        ids = [completion_id(text) for text in texts]
        wanted = dict(zip(ids, texts))
        rewards: dict[str, Reward] = {}
        deadline = time.monotonic() + self._patience
        failures = 0
        while missing := {i: text for i, text in wanted.items() if i not in rewards}:
            try:
                answer = self._ask(module, missing, prompt_hash, deadline)
            except _Again as again:
                if not again.busy:
                    failures += 1
                left = deadline - time.monotonic()
                if failures > self._retries or left <= 0:
                    raise again.error from None
                pause = again.after if again.after is not None else min(30.0, 0.5 * 2**failures) * random.uniform(0.5, 1)
                self._wait(min(pause, max(0.0, left)))
                continue
            got = _read_answer(answer, missing)
            if not got:
                raise TrainerError(
                    "reward-answer", "the reward server answered without any of the completions", "Update annsmith."
                )
            rewards.update(got)
        return [rewards[i] for i in ids]

    async def score_async(self, module: str, texts: Sequence[str], prompt_hash: str | None = None) -> list[Reward]:
        """The same without blocking the event loop."""
        return await asyncio.to_thread(self.score, module, texts, prompt_hash)

    def _ask(self, module: str, texts: dict[str, str], prompt_hash: str | None, deadline: float) -> Any:
        body: dict[str, Any] = {"module": module, "completions": [{"id": i, "text": t} for i, t in texts.items()]}
        if prompt_hash is not None:
            body["prompt_hash"] = prompt_hash
        connection = self._connect()
        try:
            connection.request(
                "POST",
                f"{self._parts.path.rstrip('/')}/v1/rewards",
                json.dumps(body).encode(),
                {"content-type": "application/json", "authorization": f"Bearer {self._token}"},
            )
            response = connection.getresponse()
            data = bytearray()
            while chunk := response.read1(1 << 16):
                data += chunk
                if time.monotonic() > deadline:
                    raise TimeoutError
        except TimeoutError:
            raise _Again(
                TrainerError(
                    "reward-late",
                    f"the reward server at {self._parts.netloc} did not answer in time",
                    "Look at its log; allow more time with --patience. Rewards already measured are kept by it.",
                )
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise _Again(
                TrainerError(
                    "reward-server-gone",
                    f"the reward server at {self._parts.netloc} cannot be reached or broke off: {_why(error)}",
                    "Start `annsmith serve-rewards` again and repeat the round: it goes on from its last step.",
                )
            ) from None
        finally:
            connection.close()
        return self._judge(response, bytes(data))

    def _judge(self, response: http.client.HTTPResponse, data: bytes) -> Any:
        said = data.decode("utf-8", "replace").strip()[:300]
        if response.status == 200:
            try:
                return json.loads(data)
            except ValueError:
                broken = TrainerError("reward-answer", "the reward server's answer is no JSON", "Look at its log.")
                raise _Again(broken) from None
        if response.status in (401, 403):
            raise TrainerError(
                "reward-token", "the reward server refuses the token", f"Set {TOKEN_VARIABLE} to the one it printed."
            )
        if response.status == 429:
            busy = TrainerError(
                "reward-late", "the reward server stayed busy for as long as was allowed", "Allow more with --patience."
            )
            raise _Again(busy, after=_retry_after(response), busy=True)
        error = TrainerError("reward-server", f"the reward server answered {response.status}: {said}", "Look at its log.")
        if response.status >= 500:
            raise _Again(error)
        raise error

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(
                host, port, timeout=self._silence, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(host, port, timeout=self._silence)


class _Again(Exception):
    """Worth asking again; the error is what to say where it does not help."""

    def __init__(self, error: TrainerError, after: float | None = None, busy: bool = False) -> None:
        super().__init__(error.message)
        self.error = error
        self.after = after
        self.busy = busy


def completion_id(text: str) -> str:
    """Names a completion by its text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _read_answer(answer: Any, asked: dict[str, str]) -> dict[str, Reward]:
    """Rewards by id. An id that comes twice must say the same twice."""
    got: dict[str, Reward] = {}
    try:
        for entry in answer["rewards"]:
            name = str(entry["id"])
            value = entry["reward"]
            if isinstance(value, bool) or not isinstance(value, (int, float, type(None))):
                raise TypeError
            reward = Reward(None if value is None else float(value), str(entry["verdict"]), str(entry.get("detail", "")))
            if name not in asked:
                raise TrainerError(
                    "reward-answer", f"the reward server answered {name[:16]}, which was not asked", "Update annsmith."
                )
            if got.setdefault(name, reward).reward != reward.reward:
                raise TrainerError(
                    "reward-answer",
                    f"the reward server gave {name[:16]} two rewards: {got[name].reward} and {reward.reward}",
                    "Look at its log; do not train on these.",
                )
    except (KeyError, TypeError, ValueError):
        raise TrainerError(
            "reward-answer", "the reward server's answer does not have the form of /v1/rewards", "Update annsmith."
        ) from None
    return got


def _retry_after(response: http.client.HTTPResponse) -> float | None:
    try:
        return max(0.0, float(response.headers.get("retry-after", "")))
    except ValueError:
        return None


def _why(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
