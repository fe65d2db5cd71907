#!/usr/bin/env python3
"""Holds our reading and writing of calendars against others: `icalendar` (Python), and `ical.js` where there is Node.

* The calendar that we write is read by all without an error, and all find the same stays in it.
* The calendars of tests/fixtures/ical say to all what the .json beside each of them says.

`icalendar` does not spell out series, so it is asked for single events only. Usage: check_ical.py [file.ics ...], to compare
further calendars: there the readers need only agree.
"""

import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zoneinfo

import icalendar

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests/fixtures/ical"
NODE = ROOT / "tests/ical"
LIMA = zoneinfo.ZoneInfo("America/Lima")
WINDOW = ("2026-01-01", "2028-01-01")
SERIES = ("RRULE", "RDATE", "RECURRENCE-ID")


def ours(*arguments):
    """What the example `feed` of the gateways prints."""
    target = ROOT / (os.environ.get("CARGO_TARGET_DIR") or "target")
    command = [str(target / "debug/examples/feed"), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def in_rust(files):
    """The stays that we find in each file."""
    told = [json.loads(line) for line in ours("read", *WINDOW, *files).decode().splitlines()]
    skipped = [(file, uid) for file, one in zip(files, told) for uid in one["skipped"]]
    if skipped:
        raise SystemExit(f"we do not understand {skipped}")
    return [sorted(map(tuple, one["stays"])) for one in told]


def in_node(files):
    """The stays that ical.js finds in each file."""
    if not (NODE / "node_modules/ical.js").is_dir():
        install = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
        subprocess.run(install, cwd=NODE, check=True)
    # The zone of the machine must not matter; another one than Lima shows whether it does.
    environment = os.environ | {"TZ": "Asia/Tokyo"}
    command = ["node", "read.mjs", *WINDOW, *files]
    printed = subprocess.run(command, cwd=NODE, check=True, stdout=subprocess.PIPE, env=environment).stdout
    return [sorted(map(tuple, json.loads(line)["stays"])) for line in printed.decode().splitlines()]


def local(moment):
    """The date at Lima."""
    if not isinstance(moment, datetime.datetime):
        return moment
    return (moment.astimezone(LIMA) if moment.tzinfo else moment).date()


def in_python(file):
    """The stays that `icalendar` finds in a file, and the names of the series, which it does not spell out."""
    calendar = icalendar.Calendar.from_ical(pathlib.Path(file).read_bytes())
    stays, series = [], set()
    for component in calendar.walk():
        if component.errors:
            raise SystemExit(f"{file}: icalendar says {component.errors}")
    for event in calendar.walk("VEVENT"):
        uid = str(event["UID"])
        if any(name in event for name in SERIES):
            series.add(uid)
        elif event.get("STATUS") != "CANCELLED" and event.get("TRANSP") != "TRANSPARENT":
            check_in, check_out = local(event.start), local(event.end)
            check_out = max(check_out, check_in + datetime.timedelta(days=1))
            stays.append((uid, check_in.isoformat(), check_out.isoformat()))
    return sorted(stays), series


def compare(file, name, found, expected, problems):
    """Notes what one reader finds and the other does not."""
    for stay in sorted(set(found) ^ set(expected)):
        problems.append(f"{file}: {name} {'also finds' if stay in found else 'does not find'} {' '.join(stay)}")


def main():
    """Prints the verdict; exit status 0 only where all agree."""
    problems, readers = [], ["icalendar"]
    with tempfile.TemporaryDirectory() as folder:
        written = pathlib.Path(folder) / "written.ics"
        written.write_bytes(ours("write"))
        fixtures = sorted(FIXTURES.glob("*.ics"))
        files = [str(written), *map(str, fixtures), *(str(pathlib.Path(file).resolve()) for file in sys.argv[1:])]
        found = in_rust(files)
        for fixture, stays in zip(fixtures, found[1:]):
            expected = json.loads(fixture.with_suffix(".json").read_text(encoding="utf-8"))
            compare(fixture.name, "our reader", stays, [tuple(stay.split()) for stay in expected], problems)
        for file, stays in zip(files, found):
            single, series = in_python(file)
            plain = [stay for stay in stays if stay[0].split("#")[0] not in series]
            compare(pathlib.Path(file).name, "icalendar", single, plain, problems)
        if not shutil.which("node") or not shutil.which("npm"):
            print("no Node here: ical.js is not asked")
        else:
            readers.append("ical.js")
            for file, stays, others in zip(files, found, in_node(files)):
                compare(pathlib.Path(file).name, "ical.js", others, stays, problems)
        if not found[0]:
            problems.append("we write no stays")
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} differences")
        return 1
    print(f"{len(files)} calendars, {sum(map(len, found))} stays: {' and '.join(readers)} read them as we do")
    return 0


if __name__ == "__main__":
    sys.exit(main())
