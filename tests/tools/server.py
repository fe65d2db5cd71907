"""Runs `casa dev` in memory for a test: on a free port, on given data, until the block ends."""

import ctypes
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Beginnings of the names of what a developer's own environment may hold: no test talks to a real vendor.
SETTINGS = ("AWS_", "CASA_", "CHATBOT_", "META_", "MERCADOPAGO_", "MUSIC_", "OPENPAY_", "TELEGRAM_", "TWILIO_", "WHATSAPP_")


def leave_on_terminate():
    """Lets SIGTERM end the program through its `finally` blocks, so that no server outlives it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def _die_with_parent():
    """Asks Linux to end this child when the tool dies, even by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def free_port():
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Casa:
    """A running `casa dev --memory`; use as a context manager. `options` go to the command as they are."""

    def __init__(self, *options):
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        target = ROOT / (os.environ.get("CARGO_TARGET_DIR") or "target")
        self.command = [str(target / "debug" / "casa"), "dev", "--memory", "--port", str(self.port), *map(str, options)]
        self.process = None

    def __enter__(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            self.command, stdout=self.log, stderr=subprocess.STDOUT, env=environment, preexec_fn=_die_with_parent
        )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait(self, seconds=120):
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.base}/api/v1/test/", timeout=5).read()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise SystemExit(f"{' '.join(self.command)} does not answer:\n{self.output()}")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def output(self, last=40):
        """The last lines that the server printed."""
        self.log.seek(0)
        return "\n".join(self.log.read().decode(errors="replace").splitlines()[-last:])

    def sign_in(self, email, password):
        """The access token of a staff user."""
        return self._post("login/", {"email": email, "password": password})["access"]

    def sign_in_guest(self, number, password):
        """The access token of a guest, by the number of a `dni`."""
        body = {"document_type": "dni", "number_doc": number, "password": password}
        return self._post("clients/client-auth/login/", body)["token"]

    def _post(self, path, body):
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.base}/api/v1/{path}", data=json.dumps(body).encode(), headers=headers)
        return json.load(urllib.request.urlopen(request, timeout=30))
