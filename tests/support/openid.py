"""An OpenID provider of the tests' own: discovery, authorize, token, keys and userinfo over HTTP.

Whoever comes to it is somebody already, and is sent back at once: `claims` says who.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

CLIENT, SECRET = "sightline", "a secret of the tests"
Claims = dict[str, Any]


@cache
def private_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def public_keys() -> dict[str, Any]:
    key = jwt.algorithms.RSAAlgorithm.to_jwk(private_key().public_key(), as_dict=True)
    return {"keys": [key | {"kid": "first", "use": "sig", "alg": "RS256"}]}


class Provider:
    """What it is asked and how it answers; change its fields to have it answer otherwise."""

    def __init__(self) -> None:
        self.claims: Claims = {"sub": "1", "preferred_username": "anna"}
        # What the ID token says otherwise than it should.
        self.spoilt: Claims = {}
        # Makes a token of its claims.
        self.sign: Callable[[Claims], str] = signed
        self.keys = public_keys()
        # Answers by path, instead of its own.
        self.answers: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, Claims] = {}

    def answer(self, path: str, query: dict[str, str], token: str) -> tuple[int, Any]:
        if path in self.answers:
            return self.answers[path]
        return {
            "/.well-known/openid-configuration": self._configuration,
            "/jwks": lambda: (200, self.keys),
            "/authorize": lambda: (302, self._authorize(query)),
            "/token": lambda: self._token(query),
            "/userinfo": lambda: (200, self.tokens[token]),
        }[path]()

    def _configuration(self) -> tuple[int, Any]:
        endpoints = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        config = {f"{name}_endpoint": f"{self.url}/{at}" for name, at in endpoints.items()}
        config |= {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}
        return 200, config | {"token_endpoint_auth_methods_supported": ["client_secret_post"]}

    def _authorize(self, query: dict[str, str]) -> str:
        assert (query["client_id"], query["response_type"]) == (CLIENT, "code")
        assert query["code_challenge_method"] == "S256" and query["nonce"]
        self.codes[code := token_urlsafe()] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def _token(self, query: dict[str, str]) -> tuple[int, Any]:
        began = self.codes.pop(query["code"], None)
        if began is None or (query["client_id"], query["client_secret"]) != (CLIENT, SECRET):
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(query["code_verifier"].encode()).digest()
        if _base64(digest) != began["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        self.tokens[access := token_urlsafe()] = self.claims
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims |= self.claims | {"nonce": began["nonce"]} | self.spoilt
        claims = {name: value for name, value in claims.items() if value is not None}
        return 200, {"access_token": access, "token_type": "Bearer", "id_token": self.sign(claims)}


def signed(claims: Claims) -> str:
    return jwt.encode(claims, private_key(), "RS256", headers={"kid": "first"})


def unsigned(claims: Claims) -> str:
    return jwt.encode(claims, None, "none", headers={"kid": "first"})


def signed_by_another(claims: Claims) -> str:
    other = generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims, other, "RS256", headers={"kid": "first"})


def signed_by_the_public_key(claims: Claims) -> str:
    """With the one thing that everybody has, as if it were a secret (CVE-2015-9235)."""
    header = {"alg": "HS256", "typ": "JWT", "kid": "first"}
    parts = [_base64(json.dumps(part).encode()) for part in (header, claims)]
    pem = (
        private_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    digest = hmac.new(pem, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, _base64(digest)])


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@contextmanager
def provider(port: int = 0) -> Iterator[Provider]:
    """A provider that answers on this port, or one of its own; `url` is its issuer."""
    each = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            self._reply(*each.answer(address.path, _fields(address.query), token))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._reply(*each.answer(self.path, _fields(body), ""))

        def _reply(self, status: int, body: Any) -> None:
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    each.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield each
    server.shutdown()
    server.server_close()


def _fields(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}
