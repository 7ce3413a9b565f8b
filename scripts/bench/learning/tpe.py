"""Optuna's TPE behind lines of JSON: {"ask": n} gives n programs, {"tell": [rewards]} judges them in that order.

The first line is the space: one choice per rewrite, each a list of `null` (left out) and of its parameters' values.
"""

import json
import sys
import warnings

import optuna

# Of the sampler's options.
warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
optuna.logging.set_verbosity(optuna.logging.WARNING)
space = json.loads(sys.stdin.readline())
sampler = optuna.samplers.TPESampler(seed=space["seed"], multivariate=True, group=True, constant_liar=True)
study = optuna.create_study(direction="maximize", sampler=sampler)
pending = []


def program(trial):
    """The chosen rewrites with their values; each parameter is a choice of its own, asked for where it matters."""
    chosen = {}
    for rewrite in space["rewrites"]:
        name = rewrite["id"]
        if any(other in chosen for other in rewrite["conflicts"]):
            continue
        if not trial.suggest_categorical(name, [False, True]):
            continue
        chosen[name] = {
            parameter["name"]: trial.suggest_categorical(f"{name} {parameter['name']}", parameter["values"])
            for parameter in rewrite["parameters"]
        }
    return chosen


for line in sys.stdin:
    request = json.loads(line)
    if "ask" in request:
        pending = [study.ask() for _ in range(request["ask"])]
        answer = [program(trial) for trial in pending]
    else:
        for trial, reward in zip(pending, request["tell"], strict=True):
            study.tell(trial, reward)
        answer = len(study.trials)
    print(json.dumps(answer), flush=True)
