"""Makes PyTorch's ordinary Linux wheel loadable without the CUDA libraries, for machines that have no GPU.

The wheel links against a dozen NVIDIA libraries (several GB) even where nothing will ever run on a GPU. On a
machine without one none of their functions is called, but the dynamic linker still wants the files and the symbols.
This script reads which libraries and symbols PyTorch's own libraries need, and compiles one small library for each
that is absent. A function of it, if it is called all the same, names itself, says what to do and aborts: nothing
computes wrongly in silence.

The CUDA runtime itself (3 MB) is installed for real, so that PyTorch finds out by itself that there is no GPU.

Standard library only, as nothing else is installed when it runs:

    python cpu_libraries.py SITE_PACKAGES            stands in for what is absent
    python cpu_libraries.py SITE_PACKAGES --remove   takes the stand-ins away again, for the real libraries
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

# In PyTorch's library folder: the names of the libraries that were made here.
MANIFEST = "annsmith-stand-ins.json"

# Library names of NVIDIA's, but for the driver's, that may be stood in for; anything else that is absent is an error of the machine.
REPLACEABLE = re.compile(r"^lib(?!cuda\.)(cu|nv|nccl)[A-Za-z_]*\.so\.\d+$")


@dataclass
class Needs:
    """What one shared library wants of others."""

    libraries: list[str] = field(default_factory=list)
    # Undefined symbol -> (file that its version is of, version), or None where it has no version.
    symbols: dict[str, tuple[str, str] | None] = field(default_factory=dict)


def read_needs(path: Path) -> Needs:
    """Reads the needed libraries and undefined symbols of a 64-bit little-endian ELF file."""
    data = path.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError(f"{path}: not a 64-bit little-endian ELF file")
    offset, size, count = struct.unpack_from("<Q", data, 40)[0], *struct.unpack_from("<HH", data, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * size) for i in range(count)]

    def text(strings: tuple[int, ...], at: int) -> str:
        start = strings[4] + at
        return data[start : data.index(b"\0", start)].decode()

    needs = Needs()
    versions: dict[int, tuple[str, str]] = {}
    version_of: tuple[int, ...] | None = None
    for section in sections:
        kind, start, length = section[1], section[4], section[5]
        if kind == 6:  # SHT_DYNAMIC
            for at in range(start, start + length, 16):
                tag, value = struct.unpack_from("<QQ", data, at)
                if tag == 1:  # DT_NEEDED
                    needs.libraries.append(text(sections[section[6]], value))
        elif kind == 0x6FFFFFFE:  # SHT_GNU_verneed
            at = start
            for _ in range(section[7]):
                _, entries, file, aux, following = struct.unpack_from("<HHIII", data, at)
                name = text(sections[section[6]], file)
                entry = at + aux
                for _ in range(entries):
                    _, _, index, version, next_entry = struct.unpack_from("<IHHII", data, entry)
                    versions[index & 0x7FFF] = (name, text(sections[section[6]], version))
                    entry += next_entry
                at += following
        elif kind == 0x6FFFFFFF:  # SHT_GNU_versym
            version_of = section
    for section in sections:
        if section[1] != 11:  # SHT_DYNSYM
            continue
        for i in range(section[5] // 24):
            name, _, _, index, _, _ = struct.unpack_from("<IBBHQQ", data, section[4] + i * 24)
            if index == 0 and name != 0:
                version = struct.unpack_from("<H", data, version_of[4] + 2 * i)[0] if version_of else 0
                needs.symbols[text(sections[section[6]], name)] = versions.get(version & 0x7FFF)
    return needs


def owner_of(symbol: str, absent: list[str]) -> str | None:
    """The absent library that an unversioned symbol is of, by the longest prefix: ncclAllReduce -> libnccl.so.2."""
    best: tuple[int, str] | None = None
    for library in absent:
        stem = library.split(".")[0].removeprefix("lib").removesuffix("_host")
        if symbol.lower().startswith(stem.lower()) and (best is None or len(stem) > best[0]):
            best = (len(stem), library)
    return best[1] if best else None


SOURCE_HEAD = """
#include <stdio.h>
#include <stdlib.h>
static void missing(const char* name) {
  fprintf(stderr, "%s was called, but this PyTorch was installed without the CUDA libraries.\\n"
                  "Install them with: npm run setup:trainer -- --cuda\\n", name);
  abort();
}
"""


def compile_library(compiler: str, folder: Path, soname: str, symbols: dict[str, str | None]) -> None:
    """Compiles one library that defines `symbols` (name -> version) and puts it into `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        source, script = Path(scratch) / "library.c", Path(scratch) / "versions.map"
        source.write_text(SOURCE_HEAD + "".join(f'void {s}(void) {{ missing("{s}"); }}\n' for s in sorted(symbols)))
        command = [compiler, "-shared", "-fPIC", "-O1", "-w", f"-Wl,-soname,{soname}"]
        names = sorted({v for v in symbols.values() if v})
        if names:
            script.write_text(
                "".join(
                    f"{v} {{ global: {' '.join(f'{s};' for s, of in sorted(symbols.items()) if of == v)} }};\n"
                    for v in names
                )
            )
            command.append(f"-Wl,--version-script={script}")
        made = Path(scratch) / soname
        subprocess.run([*command, "-o", str(made), str(source)], check=True)
        shutil.copy(made, folder / f".{soname}.part")
        os.replace(folder / f".{soname}.part", folder / soname)


def present(library: str, folders: list[Path]) -> bool:
    """Whether the dynamic linker would find a library: in PyTorch's search path, or on the system."""
    if any((folder / library).exists() for folder in folders):
        return True
    try:
        ctypes.CDLL(library)
        return True
    except OSError:
        return False


def remove(folder: Path) -> None:
    manifest = folder / MANIFEST
    if manifest.is_file():
        for name in json.loads(manifest.read_text()):
            (folder / name).unlink(missing_ok=True)
        manifest.unlink()


def main(site: Path, only_remove: bool) -> int:
    torch = site / "torch"
    folder = torch / "lib"
    if not folder.is_dir():
        print(f"{torch}: no PyTorch here; install the requirements first", file=sys.stderr)
        return 1
    remove(folder)
    if only_remove:
        return 0
    compiler = next((c for c in (os.environ.get("CC"), "cc", "gcc", "clang") if c and shutil.which(c)), None)
    if compiler is None:
        print("No C compiler. Install one (on Debian: apt-get install gcc), or run setup with --cuda.", file=sys.stderr)
        return 1
    folders = [folder, *site.glob("nvidia/*/lib")]
    needs = [read_needs(path) for path in sorted(folder.glob("*.so*")) if path.is_file()]
    wanted = sorted({library for need in needs for library in need.libraries})
    absent = [library for library in wanted if REPLACEABLE.match(library) and not present(library, folders)]
    if not absent:
        print("every library that PyTorch needs is there")
        return 0
    symbols: dict[str, dict[str, str | None]] = {library: {} for library in absent}
    for need in needs:
        for symbol, version in need.symbols.items():
            if version is not None:
                if version[0] in symbols:
                    symbols[version[0]][symbol] = version[1]
            elif (owner := owner_of(symbol, absent)) is not None:
                symbols[owner].setdefault(symbol, None)
    (folder / MANIFEST).write_text(json.dumps(absent))
    for library in absent:
        compile_library(compiler, folder, library, symbols[library])
    total = sum((folder / library).stat().st_size for library in absent)
    print(f"stood in for {len(absent)} absent CUDA libraries ({total / 1e6:.1f} MB): {' '.join(absent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), "--remove" in sys.argv[2:]))
