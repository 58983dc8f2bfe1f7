"""A signed-in HTTP session, as a browser without the browser has it."""

from collections.abc import Mapping

from httpx2 import Client, Limits, Response

File = tuple[str, bytes]  # Its name and what is in it.


class Session:
    """Redirects are followed, cookies are kept, forms carry their CSRF token."""

    def __init__(self, url: str, *, timeout: float = 60) -> None:
        # A connection for each request: servers are killed between two of them.
        self._client = Client(
            base_url=url,
            timeout=timeout,
            follow_redirects=True,
            limits=Limits(max_keepalive_connections=0),
            trust_env=False,
        )

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Response:
        """Fetch a page, with these parameters in its URL."""
        return self._client.get(path, params=parameters)

    def post(
        self,
        path: str,
        fields: Mapping[str, str] | None = None,
        files: list[tuple[str, File]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a form with its CSRF token; `files` holds (field, (name, content))."""
        token = self._client.cookies.get("csrftoken", "")
        headers = {"X-CSRFToken": token, **(headers or {})}
        return self._client.post(path, data=fields, files=files, headers=headers)

    def sign_in(self, username: str, password: str) -> None:
        """Sign in by the page that people use."""
        self.get("/sign-in/")
        response = self.post("/sign-in/", {"username": username, "password": password})
        assert "sessionid" in self._client.cookies, response.text

    def upload(self, *files: File) -> Response:
        """Upload pictures, each given as (name, content), in one request."""
        return self.post("/upload/", files=[("files", file) for file in files])
