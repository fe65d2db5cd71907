"""The deployed API, as its callers see it."""

import urllib.parse

import requests


class Api:
    """The deployed API as one caller sees it."""

    def __init__(self, base, token=None):
        self.base = base
        self.session = requests.Session()
        if token:
            self.session.headers["authorization"] = f"Bearer {token}"

    def __call__(self, method, path, expected=None, **options):
        """Sends a request to a path of the API; checks the status when one is given. Answers the response."""
        url = path if path.startswith("http") else self.base + path
        answer = self.session.request(method, url, timeout=60, allow_redirects=False, **options)
        if expected is not None:
            assert answer.status_code == expected, f"{method} {path}: {answer.status_code} {answer.text[:800]}"
        return answer

    def at(self, url):
        """Fetches an absolute URL that an answer held, through this API, whatever host it names."""
        parts = urllib.parse.urlsplit(url)
        return self("GET", parts.path[parts.path.index("/media/") :] + (f"?{parts.query}" if parts.query else ""))
