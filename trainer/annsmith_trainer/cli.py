"""`python -m annsmith_trainer`: rounds, serving and hand-over. Events on standard output, one JSON object a line."""

from __future__ import annotations

import argparse
import sys
import traceback
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Sequence

from .errors import TrainerError
from .events import claim_stdout, to_stdout

DEVICES = "auto (bf16 on a GPU, else fp32 on the CPU), cpu, cuda or cuda:N"


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m annsmith_trainer", description="GRPO rounds on language models, from measured rewards."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    offline = commands.add_parser("offline", help="one update from the groups in the ledger")
    offline.add_argument("--ledger", type=Path, required=True, help="the workspace's .annsmith/ledger.jsonl")
    offline.add_argument("--policy", required=True, help="the policy's id as the ledger has it")
    offline.add_argument("--policy-version", dest="version", required=True, help="its version as the ledger has it")
    _model_options(offline)
    _training_options(offline)
    offline.add_argument("--epochs", type=int, default=1, help="passes over the groups (%(default)s)")
    offline.add_argument("--groups-per-step", type=int, default=1, help="groups of one update (%(default)s)")
    offline.add_argument("--max-length", type=int, help="tokens of prompt and completion; longer groups are left out")
    offline.add_argument("--max-grad-norm", type=float, default=1.0)
    offline.add_argument("--drift-limit", type=float, default=0.5, help="nats per token (%(default)s)")
    offline.add_argument("--gradient-checkpointing", action="store_true", help="less memory, more time")

    online = commands.add_parser("online", help="rounds that sample and measure anew, through TRL")
    online.add_argument("--prompts", type=Path, required=True, help="JSON Lines of module and messages")
    online.add_argument("--rewards", required=True, help="address of `annsmith serve-rewards`")
    _model_options(online)
    _training_options(online)
    online.add_argument("--rounds", type=int, default=1, help="(%(default)s)")
    online.add_argument("--group", type=int, default=8, help="completions of a prompt (%(default)s)")
    online.add_argument("--max-tokens", type=int, default=1024, help="of a completion (%(default)s)")
    online.add_argument("--temperature", type=float, default=1.0)
    online.add_argument("--patience", type=float, default=3600.0, help="seconds that one group may take to measure")

    serve = commands.add_parser("serve", help="a local model behind OpenAI's protocol")
    serve.add_argument("--model", type=Path, required=True)
    serve.add_argument("--name", help="the base model's name to callers (its folder's name)")
    serve.add_argument("--adapter", action="append", default=[], metavar="NAME=FOLDER", help="may be repeated")
    serve.add_argument("--host", default="127.0.0.1", help="(%(default)s: this machine only)")
    serve.add_argument("--port", type=int, default=8008, help="0 takes a free one (%(default)s)")
    serve.add_argument("--device", default="auto", help=DEVICES)
    serve.add_argument("--threads", type=int)

    hand = commands.add_parser("handover", help="load an adapter into a running server, try it, promote it")
    hand.add_argument("--server", required=True, help="of vLLM or of `serve`, up to and with /v1")
    hand.add_argument("--pointer", type=Path, required=True, help="file that says which adapter is in use")
    what = hand.add_mutually_exclusive_group(required=True)
    what.add_argument("--adapter", type=Path, help="folder of the new adapter")
    what.add_argument("--roll-back", action="store_true", help="go back to the adapter before")
    hand.add_argument("--prefix", default="annsmith", help="of the adapter's name at the server (%(default)s)")

    convert = commands.add_parser("convert", help="a GGUF file to a model folder")
    convert.add_argument("file", type=Path)
    convert.add_argument("folder", type=Path)
    return parser


def _model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--adapter", type=Path, help="folder of the adapter to go on from (none: the base model)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the new adapter")
    parser.add_argument("--device", default="auto", help=DEVICES)
    parser.add_argument("--threads", type=int, help="CPU threads (PyTorch's choice)")


def _training_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--micro-batch", type=int, default=8, help="completions at a time (%(default)s)")
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--eps", type=float, default=0.2, help="ratios are clipped to 1 +- this (%(default)s)")
    parser.add_argument("--beta", type=float, default=0.02, help="weight of the KL to the base model (%(default)s)")
    parser.add_argument("--advantage-limit", type=float, help="advantages are clipped to +- this (not at all)")
    parser.add_argument("--rank", type=int, default=16, help="of a new adapter (%(default)s)")
    parser.add_argument("--alpha", type=int, default=32, help="of a new adapter (%(default)s)")
    parser.add_argument("--fresh", action="store_true", help="drop an unfinished round of the same --out")


def run(arguments: argparse.Namespace) -> None:
    """Runs one command. Imports are late: --help and a missing PyTorch answer at once."""
    from .models import require_torch

    if arguments.command == "handover":
        from .handover import AdapterServer, hand_over, roll_back

        server = AdapterServer(arguments.server)
        if arguments.roll_back:
            roll_back(server, arguments.pointer, to_stdout)
        else:
            hand_over(server, arguments.adapter, arguments.prefix, arguments.pointer, to_stdout)
        return
    torch = require_torch()
    if getattr(arguments, "threads", None):
        torch.set_num_threads(arguments.threads)
    if arguments.command == "offline":
        from .offline import run_offline
        from .settings import OfflineSettings

        run_offline(_settings(OfflineSettings, arguments), to_stdout)
    elif arguments.command == "online":
        from .online import run_online
        from .settings import OnlineSettings

        run_online(_settings(OnlineSettings, arguments), to_stdout)
    elif arguments.command == "serve":
        from .serve import run_serve

        adapters = []
        for given in arguments.adapter:
            name, found, folder = given.partition("=")
            if not found:
                raise TrainerError("setting", f"--adapter {given}: not NAME=FOLDER", "Name the adapter.")
            adapters.append((name, Path(folder)))
        run_serve(arguments.model, arguments.name, adapters, arguments.host, arguments.port, arguments.device, to_stdout)
    else:
        from .models import convert_gguf

        convert_gguf(arguments.file, arguments.folder)
        to_stdout("done", path=str(arguments.folder))


def _settings(kind: Any, arguments: argparse.Namespace) -> Any:
    given = vars(arguments)
    missing = [f.name for f in fields(kind) if f.default is MISSING and f.name not in given]
    assert not missing, f"no options for {missing}"
    return kind(**{f.name: given[f.name] for f in fields(kind) if f.name in given})


def main(argv: Sequence[str] | None = None) -> int:
    """Exit 0: done; 1: what was asked for failed, said as an `error` event; 2: usage; 130: interrupted."""
    arguments = build_parser().parse_args(argv)
    claim_stdout()
    try:
        run(arguments)
        return 0
    except TrainerError as error:
        to_stdout("error", code=error.code, message=error.message, fix=error.fix)
        print(f"{error.message}\n{error.fix}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the events is gone; the round's last step is on disk.
        return 1
    except Exception as error:
        # A bug, or something of the environment that nobody thought of: the trace is for its report.
        traceback.print_exc()
        fix = "Look at the trace on standard error; a round goes on from its last step when it is repeated."
        to_stdout("error", code="failed", message=f"{type(error).__name__}: {error}", fix=fix)
        return 1
