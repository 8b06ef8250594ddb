"""Behind a real HTTPS proxy: people sign in, cookies are sent over HTTPS alone, and each keeps their own address."""

import http.client
import json
import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from xietong.processes import free_port

pytestmark = pytest.mark.slow
NAME, PASSWORD = "park.example.cn", "a-long-enough-pass"
CONF = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{tls} ssl; server_name {name};
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    location / {{
      proxy_pass http://127.0.0.1:{web}; proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
    }}
  }}
}}
"""


class Site(NamedTuple):
    """A park behind the proxy."""

    tls: int
    data: Path
    password: str

    def ask(
        self, method: str, path: str, body: str = "", from_address: str = "127.0.0.1", **headers: str
    ) -> http.client.HTTPResponse:
        """One request over HTTPS, sent from that loopback address."""
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.tls, timeout=20, context=trusting, source_address=(from_address, 0)
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, {"Host": NAME, **named})
        return connection.getresponse()

    def sign_in(self, password: str, from_address: str, **more: str) -> http.client.HTTPResponse:
        """As a browser does it: the page, then the form with its token, origin and referer."""
        page = self.ask("GET", "/sign-in/", from_address=from_address)
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
        assert token is not None
        origin = f"https://{NAME}"
        sent = {
            "Cookie": str(page.getheader("set-cookie")).partition(";")[0],
            "Origin": origin,
            "Referer": f"{origin}/",
        }
        sent |= {"Content-Type": "application/x-www-form-urlencoded", **more}
        body = f"csrfmiddlewaretoken={token[1]}&username=wang&password={password}"
        return self.ask("POST", "/sign-in/", body, from_address, **sent)


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)


@pytest.fixture(scope="module", params=["settled", "not settled"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("nginx")
    web, tls, data = free_port("127.0.0.1"), free_port("127.0.0.1"), folder / "data"
    environ = {**os.environ, "DATABASE_URL": "", "XIETONG_HOSTS": f"localhost,127.0.0.1,{NAME}"}
    command = [sys.executable, "-m", "xietong"]
    made = subprocess.run(
        [*command, "init", "--user", "wang", "--data", str(data)],
        check=True,
        capture_output=True,
        text=True,
        env=environ,
    )
    password = made.stdout.split()[-1]
    if request.param == "settled":
        environ |= {"XIETONG_ORIGIN": f"https://{NAME}", "XIETONG_PROXIES": "127.0.0.1/32"}
    certificate(folder)
    (folder / "nginx.conf").write_text(CONF.format(folder=folder, tls=tls, web=web, name=NAME))
    served = [*command, "serve", "--only", "web", "--port", str(web), "--data", str(data)]
    silent = subprocess.DEVNULL
    server = subprocess.Popen(served, env=environ, stdout=silent, stderr=silent)
    proxy = subprocess.Popen(
        ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], stdout=silent, stderr=silent
    )
    found = Site(tls, data, password)
    try:
        for _ in range(300):
            try:
                if found.ask("GET", "/healthz").status == 200:
                    break
            except OSError:
                pass
            time.sleep(0.1)
        yield found
    finally:
        for each in (proxy, server):
            each.terminate()
            each.wait(20)


@pytest.mark.parametrize("site", ["settled"], indirect=True)
def test_people_sign_in_over_https_and_each_has_an_address(site: Site) -> None:
    """Five wrong passwords from one client shut the name there alone, whatever that client writes of proxies."""
    for number in range(6):
        site.sign_in("wrong", "127.0.0.7", X_Forwarded_For=f"203.0.113.{number}")
    assert site.sign_in(site.password, "127.0.0.7").status == 429
    answer = site.sign_in(site.password, "127.0.0.8")
    assert answer.status == 302
    cookies = [value for name, value in answer.getheaders() if name.lower() == "set-cookie"]
    assert cookies
    assert all("Secure" in each for each in cookies)
    assert "max-age=31536000" in str(answer.getheader("strict-transport-security"))
    lines = [json.loads(line) for path in (site.data / "access").iterdir() for line in path.read_text().splitlines()]
    assert {(each["address"], each["what"]) for each in lines} == {("127.0.0.7", "refused"), ("127.0.0.8", "sign-in")}


@pytest.mark.parametrize("site", ["not settled"], indirect=True)
def test_without_the_settings_the_page_says_what_to_set(site: Site) -> None:
    answer = site.sign_in(site.password, "127.0.0.8")
    assert answer.status == 403
    assert "XIETONG_ORIGIN" in answer.read().decode()
