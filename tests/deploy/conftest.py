"""One emulator with one deployed stack, its data and its people, for all tests of this folder."""

import json
import os
import pathlib
import secrets
import signal
import subprocess

import pytest

import stack as stacks
from api import Api

FIXTURE = pathlib.Path(os.environ.get("CASA_TEST_DATA") or stacks.ROOT / "tests/fixtures/golden-compact")


def interrupt(*_):
    """Ends the run as Ctrl-C does: with the fixtures closed, so that no process stays behind."""
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
def emulator():
    """The running emulator."""
    signal.signal(signal.SIGTERM, interrupt)
    with stacks.Emulator() as running:
        yield running


@pytest.fixture(scope="session")
def stack(emulator):
    """The deployed stack."""
    return stacks.Stack(emulator).deploy()


@pytest.fixture(scope="session")
def casa(emulator, stack):
    """Runs the `casa` program against the deployed table and bucket."""

    def run(*arguments, **options):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CASA_"))}
        environment |= emulator.environment() | {
            "CASA_TABLE": stack.resources["Table"],
            "CASA_BUCKET": stack.resources["Files"],
            "CASA_SECRET": secrets.token_hex(32),
        }
        done = subprocess.run(
            [str(stacks.binaries() / "casa"), *arguments],
            env=environment,
            cwd=emulator.folder,
            text=True,
            capture_output=True,
            timeout=300,
            **options,
        )
        assert done.returncode == 0, f"casa {' '.join(arguments[:2])}: {done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def enter(casa, email, group, password):
    """Enters a member of staff with the `casa` program."""
    names = ("--first-name", "Delia", "--last-name", "Ponce")
    casa("user", "create", "--email", email, *names, "--group", group, "--password", password)


@pytest.fixture(scope="session")
def data(casa):
    """The project's data set, imported into the deployed table and bucket; answers its rows by model."""
    casa("import", str(FIXTURE / "dataset.json"), "--media", str(FIXTURE / "media"))
    rows = {}
    for row in json.loads((FIXTURE / "dataset.json").read_text(encoding="utf-8")):
        rows.setdefault(row["model"], []).append(row)
    return rows


@pytest.fixture(scope="session")
def anybody(stack, data):
    """The API without a token."""
    return Api(stack.base)


@pytest.fixture(scope="session")
def staff(stack, data, casa):
    """The API as an administrator made with `casa user create`."""
    password = secrets.token_urlsafe(16)
    enter(casa, "deploy@casa.example", "admin", password)
    answer = Api(stack.base)(
        "POST", "/api/v1/login/", 200, json={"email": "deploy@casa.example", "password": password}
    ).json()
    assert answer["groups"] == ["admin"]
    return Api(stack.base, answer["access"])


@pytest.fixture(scope="session")
def seller(stack, data, casa):
    """The sign-in answer of a seller."""
    enter(casa, "seller@casa.example", "vendedor", "Una-clave-larga-7")
    body = {"email": "seller@casa.example", "password": "Una-clave-larga-7"}
    return Api(stack.base)("POST", "/api/v1/login", 200, json=body).json()


@pytest.fixture(scope="session")
def house(anybody):
    """A house of the catalogue."""
    return anybody("GET", "/api/v1/property/", 200).json()["results"][0]
