"""The program as the engine starts it: events, exit codes, and what a kill or a lack of memory leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from conftest import LedgerWriter, make_tiny_model
from test_offline import two_groups

TRAINER = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(TRAINER)}


def command(ledger: Path, model: Path, out: Path, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "annsmith_trainer", "offline", "--ledger", str(ledger), "--model", str(model),
        "--policy", "local:tiny", "--policy-version", "1", "--out", str(out), "--device", "cpu", "--rank", "4",
        "--threads", "1", *more,
    ]


def run(*arguments: Any) -> tuple[int, list[dict[str, Any]], str]:
    done = subprocess.run(arguments[0], env=ENVIRONMENT, capture_output=True, text=True, timeout=100)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_killed_in_a_round_it_goes_on_from_its_last_step(tiny: Path, ledger: LedgerWriter, tmp_path: Path) -> None:
    path = two_groups(ledger)
    before = path.read_bytes()
    arguments = command(path, tiny, tmp_path / "a", "--epochs", "15")
    with subprocess.Popen(arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "checkpoint" and event["step"] == 5:
                process.send_signal(signal.SIGKILL)
                break
        process.wait(30)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "a").exists() and path.read_bytes() == before
    # A file that was being written when it was killed.
    (tmp_path / "a.round" / "step-000099.pt.part").write_bytes(b"half")
    code, events, _ = run(arguments)
    (resumed,) = [e for e in events if e["event"] == "resumed"]
    assert code == 0 and resumed["step"] >= 5
    assert [e["step"] for e in events if e["event"] == "step"] == list(range(resumed["step"] + 1, 31))
    assert not [e for e in events if e["event"] == "scored"], "old log-probabilities are not computed anew"
    code, whole, _ = run(command(path, tiny, tmp_path / "b", "--epochs", "15"))
    assert whole[-1]["version"] == events[-1]["version"], "as if it had never been killed"


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (lambda p: {"model": p / "none"}, "no-model", "there is no such folder"),
        (lambda p: {"model": p}, "no-model", "no config.json"),
        (lambda p: {"model": p / "ledger.jsonl"}, "no-model", "a file, not the folder of a model"),
        (lambda p: {"model": p / "broken"}, "no-model", "cannot be loaded"),
        (lambda p: {"ledger": p / "none.jsonl"}, "ledger-missing", "there is no ledger"),
        (lambda p: {"ledger": p / "flat.jsonl"}, "no-variance", "equal rewards"),
        (lambda p: {"more": ["--adapter", str(p)]}, "no-adapter", "no LoRA adapter"),
        (lambda p: {"more": ["--policy-version", "2"]}, "no-groups", "1 other-version"),
        (lambda p: {"more": ["--micro-batch", "0"]}, "setting", "--micro-batch"),
        (lambda p: {"more": ["--max-length", "10"]}, "too-long", "1 too-long"),
        (lambda p: {"more": ["--device", "cuda"]}, "no-gpu", "finds no GPU"),
        (lambda p: {"out": p}, "out-exists", "exists already"),
    ],
)
def test_each_bad_input_is_one_clear_error(tiny: Path, tmp_path: Path, change: Any, code: str, message: str) -> None:
    good = LedgerWriter(tmp_path / "ledger.jsonl")
    good.group(["good", "bad"], [1.0, -1.0])
    flat = LedgerWriter(tmp_path / "flat.jsonl")
    flat.group(["good", "bad"], [1.0, 1.0])
    flat.write()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{}")
    given = {"ledger": good.write(), "model": tiny, "out": tmp_path / "out", "more": [], **change(tmp_path)}
    status, events, shown = run(command(given["ledger"], given["model"], given["out"], *given["more"]))
    assert status == 1 and events[-1]["event"] == "error", shown
    assert events[-1]["code"] == code and message in events[-1]["message"] and events[-1]["fix"]
    assert "Traceback" not in shown


def test_without_pytorch_it_says_how_to_install_it(tmp_path: Path) -> None:
    hidden = tmp_path / "torch"
    hidden.mkdir()
    (hidden / "__init__.py").write_text("raise ImportError('libcudart.so.13: cannot open shared object file')")
    done = subprocess.run(
        command(tmp_path, tmp_path, tmp_path / "o"),
        env={**ENVIRONMENT, "PYTHONPATH": f"{tmp_path}:{TRAINER}"}, capture_output=True, text=True, timeout=60,
    )
    event = json.loads(done.stdout)
    assert done.returncode == 1 and event["code"] == "no-torch" and "npm run setup:trainer" in event["fix"]


def test_usage_errors_exit_with_2() -> None:
    assert subprocess.run([sys.executable, "-m", "annsmith_trainer", "offline"], env=ENVIRONMENT, capture_output=True).returncode == 2
    for name in ("offline", "online", "serve", "handover", "convert"):
        done = subprocess.run(
            [sys.executable, "-m", "annsmith_trainer", name, "--help"], env=ENVIRONMENT, capture_output=True
        )
        assert done.returncode == 0 and b"--" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="limits address space")
def test_out_of_memory_names_a_setting_that_was_tried(ledger: LedgerWriter, tiny: Path, tmp_path: Path) -> None:
    texts = [chr(97 + i) * 400 for i in range(16)]
    ledger.group(texts, [float(i) for i in range(16)])
    program = textwrap.dedent(
        f"""
        import json, resource
        from pathlib import Path
        from annsmith_trainer.errors import TrainerError
        from annsmith_trainer.offline import run_offline
        from annsmith_trainer.settings import OfflineSettings

        def emit(event, **fields):
            if event == "start":
                used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
                resource.setrlimit(resource.RLIMIT_AS, (used + {220 << 20}, resource.RLIM_INFINITY))

        try:
            run_offline(OfflineSettings(ledger=Path({str(ledger.write())!r}), model=Path({str(tiny)!r}), adapter=None,
                policy="local:tiny", version="1", out=Path({str(tmp_path / "a")!r}), micro_batch=16, threads=1,
                device="cpu", rank=4), emit)
        except TrainerError as error:
            print(json.dumps([error.code, error.message, error.fix]))
        """
    )
    done = subprocess.run([sys.executable, "-c", program], env=ENVIRONMENT, capture_output=True, text=True, timeout=100)
    code, message, fix = json.loads(done.stdout)
    assert code == "out-of-memory" and "--micro-batch 16" in message, done.stderr
    assert "tried and fits" in fix and not (tmp_path / "a").exists()
    size = int(fix.split("--micro-batch ")[1].split(":")[0].split()[0])
    assert 1 <= size < 16


def test_serve_answers_on_loopback_and_stops_when_told(tmp_path: Path) -> None:
    model = make_tiny_model(tmp_path / "tiny")
    arguments = [sys.executable, "-m", "annsmith_trainer", "serve", "--model", str(model), "--port", "0", "--device", "cpu"]
    with subprocess.Popen(arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        event = json.loads(process.stdout.readline())
        assert event["event"] == "serving" and event["url"].startswith("http://127.0.0.1:")
        process.terminate()
        assert json.loads(process.stdout.readline())["event"] == "stopped"
        assert process.wait(30) == 0
