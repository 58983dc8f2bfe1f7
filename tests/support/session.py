"""A signed-in HTTP session over urllib: cookies, CSRF and uploads, and nothing of Django."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener
from uuid import uuid4

File = tuple[str, bytes]  # Its name and what is in it.


@dataclass(frozen=True)
class Answer:
    """What the site said, redirects followed."""

    status: int
    url: str
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        return json.loads(self.body)


class Session:
    def __init__(self, url: str, *, timeout: float = 60) -> None:
        self.url = url
        self.timeout = timeout
        self.cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self.cookies))

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """Fetch a page, with these parameters in its URL."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self._open(Request(f"{self.url}{path}{query}"))

    def post(
        self,
        path: str,
        fields: Mapping[str, str] | None = None,
        files: Sequence[tuple[str, File]] = (),
    ) -> Answer:
        """Send a form with its CSRF token; `files` holds (field, (name, content))."""
        boundary = uuid4().hex
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "X-CSRFToken": self._csrf_token(),
        }
        data = multipart(boundary, fields or {}, files)
        return self._open(Request(f"{self.url}{path}", data, headers))

    def sign_in(self, username: str, password: str) -> None:
        """Sign in by the page that people use."""
        self.get("/sign-in/")
        answer = self.post("/sign-in/", {"username": username, "password": password})
        assert "sessionid" in {cookie.name for cookie in self.cookies}, answer.text

    def upload(self, *files: File) -> Answer:
        """Upload pictures, each given as (name, content), in one request."""
        return self.post("/upload/", files=[("files", file) for file in files])

    def _csrf_token(self) -> str:
        return next((c.value or "" for c in self.cookies if c.name == "csrftoken"), "")

    def _open(self, request: Request) -> Answer:
        try:
            response = self._opener.open(request, timeout=self.timeout)
        except HTTPError as error:
            response = error
        with response:
            return Answer(response.status, response.url, response.headers, response.read())


def multipart(boundary: str, fields: Mapping[str, str], files: Sequence[tuple[str, File]]) -> bytes:
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields.items()
    ]
    parts += [
        f'Content-Disposition: form-data; name="{field}"; filename="{quoted(name)}"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n".encode()
        + content
        for field, (name, content) in files
    ]
    lines = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return lines + f"--{boundary}--\r\n".encode()


def quoted(name: str) -> str:
    """A file's name as browsers send it."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
