"""The proxy of docker-compose.yml: its limits are the site's, and nginx can read it."""

import json
import os
import re
import socket
import ssl
import subprocess
import sys
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPSConnection

import pytest
from django.conf import settings

from config import slow_clients
from config.supervisor import Supervisor
from search.access.bodies import LARGEST_FILES
from tests.support.compose import ROOT
from tests.support.programs import nginx
from tests.support.stack import Stack, free_port

CONF = (ROOT / "config" / "nginx.conf").read_text()
NGINX = nginx()
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


def location(path):
    """What stands in a location of the server behind TLS."""
    behind_tls = CONF[CONF.index("listen 443") :]
    return re.search(rf"location (?:= )?{path} {{(.*?)}}", behind_tls, re.DOTALL)[1]


def size(text):
    units = {"k": 1000, "m": 1_000_000}
    number, unit = re.search(r"client_max_body_size (\d+)([km]);", text).groups()
    return int(number) * units[unit]


def test_a_form_is_as_large_as_the_site_takes():
    assert size(CONF) >= settings.DATA_UPLOAD_MAX_MEMORY_SIZE


@pytest.mark.parametrize("path", ["/upload/", "/query-pictures/"])
def test_pictures_come_through_and_lie_on_no_disk_of_its_own(path):
    assert size(location(path)) > LARGEST_FILES * settings.MAX_UPLOAD_MB * 1_000_000
    assert "proxy_request_buffering off;" in location(path)


def test_a_long_address_comes_through():
    assert f"large_client_header_buffers 4 {slow_clients.HEAD_BYTES // 1000}k;" in CONF


@pytest.mark.parametrize("path", ["/sign-in/", "/account/password/"])
def test_passwords_are_limited_by_address(path):
    assert "limit_req zone=passwords" in location(path)


def test_the_site_learns_an_address_that_no_client_chose():
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in CONF
    assert "proxy_add_x_forwarded_for" not in CONF


# nginx itself -------------------------------------------------------------------------------------

APP = """
import json
def application(environ, start_response):
    names = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_HOST", "CONTENT_LENGTH")
    body = json.dumps({name: environ.get(name) for name in names}).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
# Nothing of the machine's; and as root no worker of another account, which may not enter here.
HERE = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]


def written(folder, site="web:8000", ports=(18080, 18443)):
    """The configuration, in this folder and on these ports."""
    files = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    key = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a"]
    subprocess.run([*key, *files], check=True, capture_output=True)
    places = "".join(f"    {name}_temp_path {folder}/{name};\n" for name in HERE)
    conf = CONF.replace("/tmp/", f"{folder}/").replace("/etc/nginx/tls", str(folder))
    conf = conf.replace("http {\n", f"http {{\n{places}").replace("web:8000", site)
    for plain, port in zip(("80", "443"), ports, strict=True):
        conf = conf.replace(f"listen {plain} ", f"listen 127.0.0.1:{port} ")
    return ("user root;\n" if os.geteuid() == 0 else "") + conf


def command(folder, conf, *options):
    (folder / "nginx.conf").write_text(conf)
    return [NGINX, "-e", "stderr", "-c", folder / "nginx.conf", "-p", folder, *options]


@needs_nginx
@pytest.mark.parametrize(("more", "sound"), [("", True), ("no_such_directive on;\n", False)])
def test_nginx_reads_it(tmp_path, more, sound):
    words = command(tmp_path, more + written(tmp_path), "-t")

    done = subprocess.run(words, capture_output=True, text=True)

    assert (done.returncode == 0) == sound, done.stderr


@pytest.fixture
def proxy(tmp_path):
    """nginx in front of a gunicorn with our settings, whose site tells what has come through."""
    (tmp_path / "app.py").write_text(APP)
    site, *ports = (free_port() for _ in range(3))
    gunicorn = [sys.executable, "-m", "gunicorn", "app:application", "--workers", "1"]
    gunicorn += ["--config", ROOT / "config" / "gunicorn.py", "--bind", f"127.0.0.1:{site}"]
    gunicorn += ["--pythonpath", f"{tmp_path},{ROOT}"]
    nginx = command(tmp_path, written(tmp_path, f"127.0.0.1:{site}", ports), "-g", "daemon off;")
    with Supervisor(tmp_path) as supervisor:
        supervisor.start("site", gunicorn)
        supervisor.start("nginx", nginx)
        for port in (site, *ports):
            assert Stack.eventually(lambda port=port: listens(port), 20)
        yield Proxy(*ports)


class Proxy:
    def __init__(self, plain, tls):
        self.plain, self.tls = plain, tls

    def connect(self):
        context = ssl._create_unverified_context()
        return closing(HTTPSConnection("127.0.0.1", self.tls, context=context, timeout=5))

    def ask(self, path="/", body=b"", **headers):
        with self.connect() as connection:
            connection.request("POST" if body else "GET", path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def answers_at_once(self, path, declared):
        """Whether the site answers before what was declared of a body has come."""
        with self.connect() as connection:
            connection.putrequest("POST", path)
            connection.putheader("Content-Length", str(declared))
            connection.endheaders(b"x" * 1000)
            connection.sock.settimeout(0.7)
            try:
                return connection.getresponse().status == 200
            except TimeoutError:
                return False


def listens(port):
    with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
        return True
    return False


@needs_nginx
def test_what_it_lets_through_and_what_it_adds(proxy):
    forged = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http", "Host": "photos.example"}
    status, body = proxy.ask(**forged)
    assert (status, json.loads(body)) == (
        200,
        {
            "HTTP_X_FORWARDED_FOR": "127.0.0.1",
            "HTTP_X_FORWARDED_PROTO": "https",
            "HTTP_HOST": "photos.example",
            "CONTENT_LENGTH": None,
        },
    )
    with closing(HTTPConnection("127.0.0.1", proxy.plain, timeout=5)) as connection:
        connection.request("GET", "/?q=red", headers={"Host": "photos.example"})
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Location")) == (
            301,
            "https://photos.example/?q=red",
        )
    # Bodies: a form, and pictures, which go through as they come. An address of 200 kB.
    assert [proxy.ask(path, b"x" * 3_000_000)[0] for path in ("/", "/upload/")] == [413, 200]
    assert proxy.answers_at_once("/upload/", 3_000_000)
    assert not proxy.answers_at_once("/", 2_000_000)
    assert proxy.ask(f"/?q={'q' * 200_000}")[0] == 200
    assert {proxy.ask("/sign-in/")[0] for _ in range(25)} == {200, 429}
