from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import cpu_libraries

LIBRARIES = Path(torch.__file__).parent / "lib"
MANIFEST = LIBRARIES / cpu_libraries.MANIFEST

pytestmark = pytest.mark.skipif(not MANIFEST.is_file(), reason="PyTorch has its CUDA libraries")


def test_a_stand_in_names_what_was_called_and_ends_the_process() -> None:
    library = next(LIBRARIES / n for n in json.loads(MANIFEST.read_text()) if n.startswith("libcublas.so"))
    program = f"import ctypes; ctypes.CDLL({str(library)!r}).cublasCreate_v2(None)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -signal.SIGABRT
    assert "cublasCreate_v2 was called" in done.stderr and "--cuda" in done.stderr


def test_every_cuda_symbol_that_pytorch_wants_of_an_absent_library_is_there() -> None:
    made = json.loads(MANIFEST.read_text())
    assert not any(name.startswith("libcuda.so") for name in made), "the driver is never stood in for"
    needs = cpu_libraries.read_needs(LIBRARIES / "libtorch_cuda.so")
    wanted = {s for s, version in needs.symbols.items() if version is not None and version[0] in made}
    # Loaded with every symbol bound at once, so that a missing one is an error here.
    program = "import ctypes, sys, torch; [ctypes.CDLL(p, mode=2) for p in sys.argv[1:]]"
    done = subprocess.run([sys.executable, "-c", program, *(str(LIBRARIES / n) for n in made)], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert len(wanted) > 100


def test_arithmetic_is_right() -> None:
    a = torch.arange(12, dtype=torch.float64).reshape(3, 4)
    assert (a @ a.T).tolist()[1] == [38.0, 126.0, 214.0]
    values = torch.linalg.eigvalsh(torch.tensor([[2.0, 1.0], [1.0, 2.0]]))
    assert values.tolist() == pytest.approx([1.0, 3.0], abs=1e-6)
    assert not torch.cuda.is_available()
