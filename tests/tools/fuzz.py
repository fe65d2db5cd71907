#!/usr/bin/env python3
"""Sends generated requests, good and bad, to every operation of the OpenAPI document, as an administrator or, where a guest must ask, as
a guest, and fails on any answer with a 5xx status or with a status, media type or body that the document does not announce. Only what
needs a vendor may answer 503, because there is none; 429 is right wherever it is announced.

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
DOCUMENT = ROOT / "functions/docs/openapi.json"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# Where the rows of a path's parameter come from: the model, the parameter, and the field it names where that is not the id.
MODELS = {
    "clients/{id}/": ("clients.clients", "id", None),
    "clients/by-referral-code/{code}/": ("clients.clients", "code", "referral_code"),
    "clients/client-auth/reservations/{id}/": ("reservation.reservation", "id", None),
    "clients/voucher/status/{id}/": ("reservation.reservation", "id", None),
    "clients/voucher/upload/{id}/": ("reservation.reservation", "id", None),
    "confirm/{uuid}/": ("reservation.reservation", "uuid", None),
    "payment/additional-services/{reservation_id}/": ("reservation.reservation", "reservation_id", None),
    "payment/process/{reservation_id}/": ("reservation.reservation", "reservation_id", None),
    "photos/{id}/": ("property.propertyphoto", "id", None),
    "profit/{id}/": ("property.profitpropertyairbnb", "id", None),
    "property/{slug}/": ("property.property", "slug", "slug"),
    "property/{slug}/calendar-occupancy/": ("property.property", "slug", "slug"),
    "qr/{reservation_id}/": ("reservation.reservation", "reservation_id", None),
    "reservations/{id}/": ("reservation.reservation", "id", None),
    "reservations/{id}/contrato/": ("reservation.reservation", "id", None),
    "vistacalendario/{id}/": ("reservation.reservation", "id", None),
}
# A vendor would send the code, know the account, or charge the card or give back what it charged, and here is none.
NEED_VENDORS = {"additional-services", "forgot-password", "link-facebook", "process", "refund", "request-otp", "request-otp-registration"}


def configuration(token, rows=(), guest=None):
    """The tool's settings for single operations: the guest's token where a guest must ask, which may answer 503, and, where there are
    rows, an existing one in each path with an id (of the guest, where the guest asks)."""
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    text = ""
    for path, item in document["paths"].items():
        short = path.removeprefix("/api/v1/")
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            lines = []
            asks_as_guest = item[method].get("security") == [{"client": []}]
            if asks_as_guest:
                lines.append(f'headers = {{ Authorization = "Bearer {token}" }}')
            if NEED_VENDORS & set(short.split("/")):
                lines.append('checks.not_a_server_error.expected-statuses = ["2xx", "4xx", "503"]')
            if rows and short in MODELS:
                model, name, field = MODELS[short]
                row = next(
                    row
                    for row in rows
                    if row["model"] == model
                    and not row["fields"]["deleted"]
                    and (not asks_as_guest or row["fields"]["client"] == guest)
                )
                lines.append(f'parameters = {{ "path.{name}" = "{row["fields"][field] if field else row["pk"]}" }}')
            if lines:
                text += "\n".join(["[[operations]]", f'include-name = "{method.upper()} {path}"', *lines, "", ""])
    return text


def main():
    """Runs both rounds; exit status 0 only where neither found anything."""
    leave_on_terminate()
    rows = json.loads((FIXTURE / "dataset.json").read_text(encoding="utf-8"))
    users = json.loads((FIXTURE / "users.json").read_text(encoding="utf-8"))
    user = users["staff"][ADMINISTRATOR]
    options = ["--import", FIXTURE / "dataset.json", "--media", FIXTURE / "media", "--clock", users["clock"]]
    number = next(iter(users["clients"]))
    guest = next(row["pk"] for row in rows if row["model"] == "clients.clients" and row["fields"]["number_doc"] == number)
    with Casa(*options) as server, tempfile.TemporaryDirectory() as scratch:  # the tool keeps notes in its working folder
        token = server.sign_in(user["email"], user["password"])
        guest_token = server.sign_in_guest(number, users["clients"][number]["password"])
        tool = [str(pathlib.Path(sys.executable).with_name("schemathesis"))]
        common = [f"{server.base}/api/v1/schema/", "--header", f"Authorization: Bearer {token}", "--checks", CHECKS]
        common += ["--seed", os.environ.get("CASA_FUZZ_SEED", "20251112"), "--workers", "2", "--phases", "coverage,fuzzing"]
        common += ["--suppress-health-check", "all", "--generation-database", "none", "--continue-on-failure"]
        common += ["--warnings", "off", "--request-timeout", "30", "--no-color", *sys.argv[1:]]
        examples = os.environ.get("CASA_FUZZ_EXAMPLES", "15")
        known, generated = pathlib.Path(scratch, "known.toml"), pathlib.Path(scratch, "generated.toml")
        known.write_text(configuration(guest_token, rows, guest), encoding="utf-8")
        generated.write_text(configuration(guest_token), encoding="utf-8")
        rounds = {
            "generated ids": [*tool, "--config-file", str(generated), "run", *common, "--max-examples", examples],
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
