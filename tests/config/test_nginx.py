"""The proxy of docker-compose.yml: its limits are the site's, and nginx can read it."""

import re
import shutil
import subprocess

import pytest
from django.conf import settings

from config import slow_clients
from search.access.bodies import LARGEST_FILES
from tests.support.compose import ROOT

CONF = (ROOT / "config" / "nginx.conf").read_text()
NGINX = shutil.which("nginx")


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


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
@pytest.mark.parametrize(("more", "sound"), [("", True), ("no_such_directive on;\n", False)])
def test_nginx_reads_it(tmp_path, more, sound):
    files = ["-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"]
    key = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a"]
    subprocess.run([*key, *files], check=True, capture_output=True)
    conf = CONF.replace("/etc/nginx/tls", str(tmp_path)).replace("/tmp/", f"{tmp_path}/")
    conf = conf.replace("listen 80 ", "listen 127.0.0.1:18080 ")
    conf = conf.replace("listen 443 ", "listen 127.0.0.1:18443 ")
    (tmp_path / "nginx.conf").write_text(more + conf)
    command = [NGINX, "-t", "-c", tmp_path / "nginx.conf", "-p", tmp_path]

    done = subprocess.run(command, capture_output=True, text=True)

    # Whether its folders for what it buffers are there is the machine's business.
    assert ("syntax is ok" in done.stderr) == sound, done.stderr
