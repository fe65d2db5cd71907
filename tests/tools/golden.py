#!/usr/bin/env python3
"""Replays the finished parts of the golden set against `casa dev` and fails on any recording that differs.

golden.py PATH-OF-THE-SET

tests/golden-areas.txt lists the finished parts, one a line: `area NAME` (all on one server) or `story NAME` (each on a fresh one). A third
word cuts a part that is finished in part only: `area NAME PREFIX` takes the requests whose path begins so, `story NAME STEPS` its
first steps.
tests/golden-overridden.txt lists recordings that may differ: `ID REASON`, the number of the decision that overrides it or `later`. Their
differences are shown but do not fail; one that does not differ any more is shown too, so that the list stays honest.
"""

import contextlib
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

from server import ROOT, Casa, leave_on_terminate

CLOCK = "2025-11-12T10:30:00-05:00"


def lines(name):
    """The words of each line of a list in tests/, comments and empty lines left out."""
    text = (ROOT / "tests" / name).read_text(encoding="utf-8")
    return [line.split("#")[0].split() for line in text.splitlines() if line.split("#")[0].strip()]


@contextlib.contextmanager
def cut(golden, kind, name, limit):
    """The set with one file alone and only its finished lines, for as long as the block lasts; the whole set where `limit` is empty."""
    if not limit:
        yield golden
        return
    folder = "recordings" if kind == "area" else "stories"
    all_lines = (golden / folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = all_lines[: int(limit[0])] if kind == "story" else [line for line in all_lines if json.loads(line)["path"].startswith(limit[0])]
    with tempfile.TemporaryDirectory() as scratch:
        part = pathlib.Path(scratch)
        for entry in golden.iterdir():
            if entry.name != folder:
                (part / entry.name).symlink_to(entry)
        (part / folder).mkdir()
        (part / folder / f"{name}.jsonl").write_text("".join(kept), encoding="utf-8")
        yield part


def replay(golden, base, *selection):
    """Runs replay.py on a selection; answers its report: passed, total, and the failures with their ids."""
    # The job that would award points in the night runs where a story waits for it.
    award = shlex.join(["curl", "-fsS", "-o", "/dev/null", "-X", "POST", f"{base}/_casa/run/points-award"])
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        command = [sys.executable, str(golden / "replay.py"), "--base-url", base, "--set", str(golden)]
        command += ["--hook", f"award-points={award}"]
        command += ["--extra-keys-ok", "--quiet", "--json", report.name, *selection]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            return json.load(open(report.name, encoding="utf-8"))
        except ValueError:
            raise SystemExit(f"replay.py {' '.join(selection)}: {done.stdout}") from None


def main():
    """Prints one line per part and per difference; exit status 0 only where nothing unexpected differs."""
    leave_on_terminate()
    golden = pathlib.Path(sys.argv[1]).resolve()
    overridden = {words[0]: words[1] for words in lines("golden-overridden.txt")}
    options = ["--import", golden / "dataset.json", "--media", golden / "media", "--clock", CLOCK]
    seen, unexpected = set(), 0

    def judge(part, report):
        nonlocal unexpected
        print(f"  {part}: {report['passed']} of {report['total']}", flush=True)
        if not report["total"]:
            unexpected += 1
            print("    nothing was replayed")
        for failure in report["failures"]:
            seen.add(failure["id"])
            reason = overridden.get(failure["id"])
            unexpected += reason is None
            verdict = {None: "DIFFERS", "later": "left for later"}.get(reason, f"overridden by decision {reason}")
            print(f"    {failure['id']} {verdict}: {failure['path']} expected {failure['expected']} actual {failure['actual']}")

    parts = lines("golden-areas.txt")
    with Casa(*options) as server:
        for kind, name, *limit in parts:
            if kind == "area":
                with cut(golden, kind, name, limit) as part:
                    judge(" ".join(["area", name, *limit]), replay(part, server.base, "--area", name))
    for kind, name, *limit in parts:
        if kind == "story":
            with Casa(*options) as server, cut(golden, kind, name, limit) as part:
                judge(" ".join(["story", name, *limit]), replay(part, server.base, "--stories", name))
    for identity in overridden.keys() - seen:
        print(f"  {identity} is on the list of exceptions but does not differ")
    if unexpected:
        print(f"{unexpected} recordings differ")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
