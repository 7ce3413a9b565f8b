from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Iterator

import pytest

from annsmith_trainer.errors import TrainerError
from annsmith_trainer.rewards import TOKEN_VARIABLE, RewardClient

TOKEN = "a-token-of-the-test"


class RewardServer:
    """Speaks the contract of serve-rewards; `answers` are tried in turn, the last one again and again."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answers: list[Callable[[Any, dict[str, Any]], None]] = [self.measured]
        self.reward: Callable[[str], float | None] = lambda text: float(len(text))
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if self.headers["authorization"] != f"Bearer {TOKEN}":
                    outer.reply(self, 401, {"error": {"message": "wrong token"}})
                    return
                outer.requests.append({"path": self.path, **body})
                answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                answer(self, body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def of(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"id": c["id"], "reward": self.reward(c["text"]), "verdict": "accepted", "detail": ""}
            for c in body["completions"]
        ]

    def reply(self, handler: Any, status: int, value: Any, **headers: str) -> None:
        data = json.dumps(value).encode()
        handler.send_response(status)
        for name, text in headers.items():
            handler.send_header(name.replace("_", "-"), text)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def measured(self, handler: Any, body: dict[str, Any]) -> None:
        self.reply(handler, 200, {"rewards": self.of(body)})

    def busy(self, handler: Any, body: dict[str, Any]) -> None:
        self.reply(handler, 429, {"error": {"message": "busy"}}, retry_after="7")

    def refuse(self, handler: Any, body: dict[str, Any]) -> None:
        self.reply(handler, 400, {"error": {"message": "no such module"}})

    def vanish(self, handler: Any, body: dict[str, Any]) -> None:
        handler.connection.close()
        handler.close_connection = True


@pytest.fixture
def server() -> Iterator[RewardServer]:
    made = RewardServer()
    yield made
    made.close()


def client(server: RewardServer, **more: Any) -> tuple[RewardClient, list[float]]:
    waits: list[float] = []
    return RewardClient(server.url, TOKEN, wait=waits.append, **more), waits


def test_rewards_come_in_the_order_asked(server: RewardServer) -> None:
    made, _ = client(server)
    rewards = made.score("search", ["aaa", "b", "aaa"], ("local:smol", "lora-1"), [[1, 2], [3], [1, 2]])
    assert [r.reward for r in rewards] == [3.0, 1.0, 3.0]
    assert server.requests == [
        {
            "path": "/v1/rewards",
            "module": "search",
            "policy": {"id": "local:smol", "version": "lora-1"},
            "completions": [
                {"id": "0", "text": "aaa", "tokenIds": [1, 2]},
                {"id": "1", "text": "b", "tokenIds": [3]},
                {"id": "2", "text": "aaa", "tokenIds": [1, 2]},
            ],
        }
    ]
    RewardClient(server.url + "/v1/rewards", TOKEN).score("search", ["a"])
    assert set(server.requests[1]) == {"path", "module", "completions"} and server.requests[1]["path"] == "/v1/rewards"
    with pytest.raises(TrainerError, match="takes 64"):
        made.score("search", ["a"] * 65)


def test_a_wrong_token_is_said_at_once_and_never_shown(server: RewardServer) -> None:
    with pytest.raises(TrainerError, match="refuses the token") as caught:
        RewardClient(server.url, "secret-that-is-wrong").score("search", ["a"])
    assert caught.value.code == "reward-token" and "secret" not in str(vars(caught.value))
    with pytest.raises(TrainerError, match="no token"):
        RewardClient(server.url, "")
    with pytest.raises(TrainerError, match="unencrypted"):
        RewardClient("http://rewards.example", TOKEN)


@pytest.mark.parametrize("token", ["secret\n", "sec ret", "secr\u00e9t", "secret\x7f", "\tsecret", "secret\r\nx: y"])
def test_a_token_that_no_header_takes_is_refused_and_never_shown(
    server: RewardServer, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    with pytest.raises(TrainerError, match="RewardClient") as caught:
        RewardClient(server.url, token)
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    with pytest.raises(TrainerError, match=f"^{TOKEN_VARIABLE}: ") as named:
        RewardClient(server.url)
    for error in (caught.value, named.value):
        assert error.code == "reward-token" and "secr" not in str(vars(error)) and "$(cat FILE)" in error.fix
    assert not server.requests


def test_a_busy_server_is_waited_for_as_long_as_it_says(server: RewardServer) -> None:
    server.answers = [server.busy] * 9 + [server.measured]
    made, waits = client(server, retries=2)
    assert made.score("search", ["a"])[0].reward == 1.0
    assert waits == [7.0] * 9, "more often than failures are retried"


def test_a_server_that_breaks_off_is_asked_again_for_the_same_completions(server: RewardServer) -> None:
    server.answers = [server.vanish, server.vanish, server.measured]
    made, waits = client(server)
    assert made.score("search", ["a", "bb"])[1].reward == 2.0
    assert len(waits) == 2 and waits[1] > 0
    assert len({json.dumps(r["completions"]) for r in server.requests}) == 1


def test_a_server_that_vanished_is_a_clear_error(server: RewardServer) -> None:
    made, waits = client(server, retries=2)
    server.answers = [server.vanish]
    with pytest.raises(TrainerError, match="broke off") as caught:
        made.score("search", ["a"])
    assert caught.value.code == "reward-server-gone" and len(waits) == 2
    nobody = RewardClient("http://127.0.0.1:9", TOKEN, retries=0)
    with pytest.raises(TrainerError, match="cannot be reached"):
        nobody.score("search", ["a"])


def test_a_server_that_stays_silent_is_late(server: RewardServer) -> None:
    release = threading.Event()
    server.answers = [lambda handler, body: (release.wait(20), server.vanish(handler, body))[1]]
    made, _ = client(server, patience=0.3)
    try:
        with pytest.raises(TrainerError, match="did not answer within 0.3 s") as caught:
            made.score("search", ["a"])
        assert caught.value.code == "reward-late"
    finally:
        release.set()


def test_answers_for_some_are_completed_by_asking_for_the_rest(server: RewardServer) -> None:
    server.answers = [
        lambda handler, body: server.reply(handler, 200, {"rewards": server.of(body)[:1]}),
        server.measured,
    ]
    made, _ = client(server)
    assert [r.reward for r in made.score("search", ["a", "bb", "ccc"])] == [1.0, 2.0, 3.0]
    assert [len(r["completions"]) for r in server.requests] == [3, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r + [{**r[0], "reward": 9.0}], "two rewards: 1.0 and 9.0"),
        (lambda r: [{**r[0], "id": "9"}], "was not asked"),
        (lambda r: [], "without any"),
        (lambda r: [{"id": r[0]["id"], "reward": "high", "verdict": "accepted"}], "does not have the form"),
        (lambda r: 3, "does not have the form"),
    ],
)
def test_wrong_answers_are_never_trained_on(server: RewardServer, change: Any, message: str) -> None:
    server.answers = [lambda handler, body: server.reply(handler, 200, {"rewards": change(server.of(body))})]
    with pytest.raises(TrainerError, match=message) as caught:
        client(server)[0].score("search", ["a"])
    assert caught.value.code == "reward-answer"


def test_an_answer_given_twice_alike_is_taken_once(server: RewardServer) -> None:
    server.answers = [lambda handler, body: server.reply(handler, 200, {"rewards": server.of(body) * 2})]
    assert client(server)[0].score("search", ["a"])[0].reward == 1.0


def test_many_callers_at_once(server: RewardServer) -> None:
    made, _ = client(server)

    async def all_of() -> list[Any]:
        return await asyncio.gather(*(made.score_async("search", ["x" * i]) for i in range(1, 9)))

    assert [r[0].reward for r in asyncio.run(all_of())] == [float(i) for i in range(1, 9)]
