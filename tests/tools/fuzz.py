#!/usr/bin/env python3
"""Sends generated requests, good and bad, to every operation of the OpenAPI document, as an administrator, and fails on any answer with
a 5xx status or with a status, media type or body that the document does not announce.

Two rounds on one server: everything with generated ids, which mostly do not exist; then well-formed requests about rows that
do exist, so that their answers are compared too. The seed is fixed and the number of requests bounded, so that a run
takes about a minute and can be repeated. CASA_FUZZ_EXAMPLES (per operation) and CASA_FUZZ_SEED change that; arguments go to
the tool as they are (`--report-vcr-path FILE` shows every request).
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from server import ROOT, Casa, leave_on_terminate

FIXTURE = pathlib.Path(os.environ.get("CASA_TEST_DATA") or ROOT / "tests/fixtures/golden-compact")
ADMINISTRATOR = "gerente"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# Where the rows of a path's id come from.
MODELS = {
    "photos/{id}/": "property.propertyphoto",
    "profit/{id}/": "property.profitpropertyairbnb",
    "property/{slug}/": "property.property",
    "property/{slug}/calendar-occupancy/": "property.property",
    "reservations/{id}/": "reservation.reservation",
    "vistacalendario/{id}/": "reservation.reservation",
}


def configuration(rows):
    """The tool's settings that put an existing row into each path with an id."""
    text = ""
    for path, model in MODELS.items():
        row = next(row for row in rows if row["model"] == model and not row["fields"]["deleted"])
        name, value = ("slug", row["fields"]["slug"]) if "{slug}" in path else ("id", row["pk"])
        text += f'[[operations]]\ninclude-path = "/api/v1/{path}"\nparameters = {{ "path.{name}" = "{value}" }}\n\n'
    return text


def main():
    """Runs both rounds; exit status 0 only where neither found anything."""
    leave_on_terminate()
    rows = json.loads((FIXTURE / "dataset.json").read_text(encoding="utf-8"))
    users = json.loads((FIXTURE / "users.json").read_text(encoding="utf-8"))
    user = users["staff"][ADMINISTRATOR]
    options = ["--import", FIXTURE / "dataset.json", "--media", FIXTURE / "media", "--clock", users["clock"]]
    with Casa(*options) as server, tempfile.TemporaryDirectory() as scratch:  # the tool keeps notes in its working folder
        token = server.sign_in(user["email"], user["password"])
        tool = [str(pathlib.Path(sys.executable).with_name("schemathesis"))]
        common = [f"{server.base}/api/v1/schema/", "--header", f"Authorization: Bearer {token}", "--checks", CHECKS]
        common += ["--seed", os.environ.get("CASA_FUZZ_SEED", "20251112"), "--workers", "2", "--phases", "coverage,fuzzing"]
        common += ["--suppress-health-check", "all", "--generation-database", "none", "--continue-on-failure"]
        common += ["--warnings", "off", "--request-timeout", "30", "--no-color", *sys.argv[1:]]
        examples = os.environ.get("CASA_FUZZ_EXAMPLES", "15")
        known = pathlib.Path(scratch, "known.toml")
        known.write_text(configuration(rows), encoding="utf-8")
        rounds = {
            "generated ids": [*tool, "run", *common, "--max-examples", examples],
            # DELETE would end the rows for the rest of the round.
            "existing rows": [*tool, "--config-file", str(known), "run", *common, "--max-examples", examples]
            + ["--mode", "positive", "--exclude-method", "DELETE"]
            + [word for path in MODELS for word in ("--include-path", f"/api/v1/{path}")],
        }
        for name, command in rounds.items():
            print(f"\n-- {name}", flush=True)
            status = subprocess.run(command, cwd=scratch).returncode
            if status:
                print(server.output())
                return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
