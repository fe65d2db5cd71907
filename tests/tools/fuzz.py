#!/usr/bin/env python3
"""Sends generated requests, good and bad, to every operation of the OpenAPI document, as an administrator, and fails on any answer with
a 5xx status or with a status, media type or body that the document does not announce. The seed is fixed and the number of
requests bounded, so that a run takes about a minute and can be repeated.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from server import ROOT, Casa, leave_on_terminate

FIXTURE = pathlib.Path(os.environ.get("CASA_TEST_DATA") or ROOT / "tests/fixtures/golden-compact")
CLOCK = "2025-11-12T10:30:00-05:00"
ADMINISTRATOR = ("gerente@personal.example", "Gerente-A2025")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def main():
    """Exit status of schemathesis; CASA_FUZZ_EXAMPLES and CASA_FUZZ_SEED change its size and its seed."""
    leave_on_terminate()
    with Casa("--import", FIXTURE / "dataset.json", "--media", FIXTURE / "media", "--clock", CLOCK) as server:
        token = server.sign_in(*ADMINISTRATOR)
        with tempfile.TemporaryDirectory() as scratch:  # the tool keeps notes in its working folder
            command = [str(pathlib.Path(sys.executable).with_name("schemathesis")), "run", f"{server.base}/api/v1/schema/"]
            command += ["--header", f"Authorization: Bearer {token}", "--checks", CHECKS, "--workers", "2", "--no-color"]
            command += ["--max-examples", os.environ.get("CASA_FUZZ_EXAMPLES", "25")]
            command += ["--seed", os.environ.get("CASA_FUZZ_SEED", "20251112")]
            command += ["--phases", "examples,coverage,fuzzing", "--suppress-health-check", "all", "--generation-database", "none"]
            command += ["--continue-on-failure", "--warnings", "off", "--request-timeout", "30", *sys.argv[1:]]
            status = subprocess.run(command, cwd=scratch).returncode
        if status:
            print(server.output())
        return status


if __name__ == "__main__":
    sys.exit(main())
