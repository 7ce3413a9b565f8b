"""Client of `annsmith serve-rewards`: completions in, measured rewards out.

Standard library only, so that OpenRLHF, verl or any other trainer can use it as it is: `RewardClient(...).score(...)`.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import random
import ssl
import time
from dataclasses import dataclass
from typing import Any, Callable, Sequence
from urllib.parse import urlsplit

from .credentials import require_sendable
from .errors import TrainerError

TOKEN_VARIABLE = "ANNSMITH_REWARD_TOKEN"


# Completions of one request, at most; together they are one group of the server's ledger.
MOST_COMPLETIONS = 64


@dataclass(frozen=True)
class Reward:
    """What one completion is worth. `reward` is None where it could not be measured (failed or cancelled)."""

    reward: float | None
    verdict: str
    detail: str


class RewardClient:
    """Asks a reward server.

    The server judges the same text once, so a request that broke off or came late is safe to ask again. Busy servers
    (429) are waited for as long as they say; others are asked again `retries` times. `patience`: seconds that one call
    may take in all, measuring included; the server is silent while it measures.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        patience: float = 3600.0,
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
        source = TOKEN_VARIABLE if token is None else "the token given to RewardClient"
        token = token if token is not None else os.environ.get(TOKEN_VARIABLE, "")
        if not token:
            raise TrainerError("reward-token", "no token for the reward server", f"Set {TOKEN_VARIABLE}.")
        require_sendable(token, source, "reward-token")
        # The address may be given with or without the route.
        self._path = parts.path.rstrip("/").removesuffix("/v1/rewards") + "/v1/rewards"
        self._parts = parts
        self._token = token
        self._patience = patience
        self._retries = retries
        self._wait = wait

    def score(
        self,
        module: str,
        texts: Sequence[str],
        policy: tuple[str, str] | None = None,
        token_ids: Sequence[Sequence[int]] | None = None,
    ) -> list[Reward]:
        """Rewards in the order of `texts`, the completions of one prompt. `policy`: id and version of what sampled
        them, for the server's ledger, which also takes their `token_ids`. @raises TrainerError (codes `reward-...`)"""
        if len(texts) > MOST_COMPLETIONS:
            raise TrainerError(
                "setting", f"a group of {len(texts)}: the reward server takes {MOST_COMPLETIONS}", "Use a smaller --group."
            )
        # Named by position: the server knows equal texts by itself, and a group keeps its size.
        wanted = {str(i): {"id": str(i), "text": text} for i, text in enumerate(texts)}
        for i, ids in enumerate(token_ids or []):
            wanted[str(i)]["tokenIds"] = [int(t) for t in ids]
        rewards: dict[str, Reward] = {}
        deadline = time.monotonic() + self._patience
        failures = 0
        while missing := {i: completion for i, completion in wanted.items() if i not in rewards}:
            try:
                answer = self._ask(module, missing, policy, deadline)
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
        return [rewards[str(i)] for i in range(len(texts))]

    async def score_async(self, *arguments: Any) -> list[Reward]:
        """`score` without blocking the event loop."""
        return await asyncio.to_thread(self.score, *arguments)

    def _ask(
        self, module: str, completions: dict[str, dict[str, Any]], policy: tuple[str, str] | None, deadline: float
    ) -> Any:
        body: dict[str, Any] = {"module": module, "completions": list(completions.values())}
        if policy is not None:
            body["policy"] = {"id": policy[0], "version": policy[1]}
        connection = self._connect(max(1e-3, deadline - time.monotonic()))
        try:
            connection.request(
                "POST",
                self._path,
                json.dumps(body).encode(),
                {"content-type": "application/json", "authorization": f"Bearer {self._token}"},
            )
            response = connection.getresponse()
            data = response.read()
        except TimeoutError:
            raise TrainerError(
                "reward-late",
                f"the reward server at {self._parts.netloc} did not answer within {self._patience:g} s",
                "Look at its log; allow more time with --patience. What it has measured by then it answers at once.",
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
        return self._judge(response, data)

    def _judge(self, response: http.client.HTTPResponse, data: bytes) -> Any:
        if response.status == 200:
            try:
                return json.loads(data)
            except ValueError:
                broken = TrainerError("reward-answer", "the reward server's answer is no JSON", "Look at its log.")
                raise _Again(broken) from None
        message, fix = _said(data)
        if response.status in (401, 403):
            raise TrainerError(
                "reward-token", "the reward server refuses the token", f"Set {TOKEN_VARIABLE} to the server's."
            )
        if response.status == 429:
            busy = TrainerError(
                "reward-late", "the reward server stayed busy for as long as was allowed", "Allow more with --patience."
            )
            raise _Again(busy, after=_retry_after(response), busy=True)
        error = TrainerError("reward-server", f"the reward server answered {response.status}: {message}", fix)
        if response.status >= 500:
            raise _Again(error, after=_retry_after(response))
        raise error

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port, timeout=timeout)


class _Again(Exception):
    """Worth asking again; the error is what to say where it does not help."""

    def __init__(self, error: TrainerError, after: float | None = None, busy: bool = False) -> None:
        super().__init__(error.message)
        self.error = error
        self.after = after
        self.busy = busy


def _read_answer(answer: Any, asked: dict[str, Any]) -> dict[str, Reward]:
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
                    "reward-answer", f"the reward server answered completion {name[:16]}, which was not asked", "Update annsmith."
                )
            if got.setdefault(name, reward).reward != reward.reward:
                raise TrainerError(
                    "reward-answer",
                    f"the reward server gave completion {name[:16]} two rewards: {got[name].reward} and {reward.reward}",
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


def _said(data: bytes) -> tuple[str, str]:
    """The server's own message, and what it says to do."""
    text = data.decode("utf-8", "replace").strip()[:500]
    try:
        error = json.loads(text)["error"]
        return str(error["message"]), str(error.get("fix") or "Look at the server's log.")
    except (ValueError, KeyError, TypeError, AttributeError):
        return text, "Look at the server's log."


def _why(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
