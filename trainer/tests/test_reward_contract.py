"""Our client against the real reward server; only its judge, which would measure for minutes, is stood in for."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from annsmith_trainer.errors import TrainerError
from annsmith_trainer.rewards import RewardClient

ROOT = Path(__file__).parents[2]
NODE = ROOT / "node_modules" / ".bin" / "node"
TOKEN = "token-of-the-contract-test"

PROGRAM = """
import { startRewardServer } from './src/cli/rewards/rewardServer.ts';
let busy = true;
const judge = {
  modules: ['search'], runId: 'r1',
  get pending() { return busy ? 9 : 0; },
  get expectedSeconds() { busy = false; return 3; },
  newAmong: (module, texts) => new Set(texts).size,
  reward: async (module, completions, policy) => completions.map(({ id, text, tokenIds }) => ({
    id, hash: text, reward: text === '' ? null : text.length + (tokenIds?.length ?? 0), gain: null,
    verdict: 'accepted', check: null, detail: JSON.stringify(policy ?? null),
  })),
  idle: async () => {},
};
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const server = await startRewardServer({ judge, token: process.env.TOKEN, port: 0, mostPending: 4, logger });
process.stdout.write(JSON.stringify(server.url) + '\\n');
process.stdin.on('end', () => server.close());
process.stdin.resume();
"""


@pytest.fixture
def url() -> Iterator[str]:
    if not NODE.exists():
        pytest.skip("npm packages are not installed")
    with subprocess.Popen(
        [str(NODE), "--input-type=module-typescript", "--no-warnings", "-e", PROGRAM],
        cwd=ROOT, env={**os.environ, "TOKEN": TOKEN}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as server:
        assert server.stdout is not None and server.stdin is not None
        yield json.loads(server.stdout.readline())
        server.stdin.close()
        assert server.wait(30) == 0


def test_the_client_and_the_server_agree(url: str) -> None:
    waits: list[float] = []
    client = RewardClient(url, TOKEN, wait=waits.append)
    rewards = client.score("search", ["abc", "", "abc"], ("local:m", "1"), [[1, 2], [], [1, 2]])
    assert [r.reward for r in rewards] == [5.0, None, 5.0] and waits == [3.0], "busy at first, for 3 seconds"
    assert json.loads(rewards[0].detail) == {"id": "local:m", "version": "1"}
    with pytest.raises(TrainerError, match="this server judges search, not construction"):
        client.score("construction", ["a"])
    with pytest.raises(TrainerError, match="refuses the token"):
        RewardClient(url, "another-token-altogether").score("search", ["a"])
