#!/usr/bin/env python3
"""Does what the README tells a newcomer: starts the demonstration with `cargo dev -- --demo`, books as its example does, and
checks that the same nights cannot be booked again."""

import pathlib
import re
import subprocess
import sys

from server import Casa, leave_on_terminate

ROOT = pathlib.Path(__file__).resolve().parents[2]
TAKEN = "Esta propiedad esta reservada en este rango de fecha"


def example(base):
    """The README's shell example, aimed at another address."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```sh\n(api=.*?)```", text, re.S).group(1)
    return block.replace("http://127.0.0.1:8000", base)


def book(base):
    return subprocess.run(["bash", "-euo", "pipefail", "-c", example(base)], capture_output=True, text=True, check=True).stdout


def features(edges):
    """The features of every dependency, as cargo resolves them over these kinds of dependencies."""
    tree = ["cargo", "tree", "--workspace", "--prefix", "none", "-f", "{p}|{f}", "-e", edges]
    lines = subprocess.run(tree, capture_output=True, text=True, check=True, cwd=ROOT).stdout.splitlines()
    return dict(line.removesuffix(" (*)").rsplit("|", 1) for line in lines if "|" in line)


def built_twice():
    """Dependencies of the program that tests want with other features: `cargo dev` and `./test` would build them and whatever
    needs them once each, again and again on a cold machine."""
    program, tests = features("normal,build"), features("normal,build,dev")
    return sorted(package for package, wanted in program.items() if tests.get(package, wanted) != wanted)


def main():
    leave_on_terminate()
    if twice := built_twice():
        sys.exit(f"tests change the features of {', '.join(twice)}: name what does so among casa-tests' dependencies")
    demo = Casa()
    demo.command = ["cargo", "dev", "--", "--demo", "--memory", "--port", str(demo.port)]
    with demo:
        first, again = book(demo.base), book(demo.base)
    if '"status":"approved"' not in first:
        sys.exit(f"the README's first booking failed: {first}")
    if TAKEN not in again:
        sys.exit(f"the same nights were booked twice: {again}")
    print("the demonstration starts, books, and refuses the same nights")


if __name__ == "__main__":
    main()
