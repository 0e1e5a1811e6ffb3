"""Names and TLS as on the internet: an nginx, for a browser that is led to it."""

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import missing, which

CONF = """
pid {folder}/pid;
error_log {folder}/errors;
daemon off;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_max_body_size 200m;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  ssl_certificate {folder}/cert.pem;
  ssl_certificate_key {folder}/key.pem;
  proxy_http_version 1.1;
  proxy_request_buffering off;
  proxy_buffering off;
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-Proto https;
  proxy_set_header X-Forwarded-For $remote_addr;
  {servers}
}}
"""
SERVER = """
  server {{
    listen 127.0.0.1:{port} ssl;
    server_name {name};
    location / {{ proxy_pass http://127.0.0.1:{upstream}; }}
  }}
"""


def write_certificate(folder: Path, names: list[str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    private = serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, private, plain))


def write_front(folder: Path, port: int, upstreams: dict[str, int]) -> str:
    """The command of an nginx that ends TLS for each name and hands on to its port."""
    if which("nginx") is None:
        missing("nginx", "apt-get install nginx-light")
    folder.mkdir()
    write_certificate(folder, list(upstreams))
    servers = "".join(
        SERVER.format(port=port, name=name, upstream=upstream)
        for name, upstream in upstreams.items()
    )
    (folder / "conf").write_text(CONF.format(folder=folder, servers=servers))
    return f"nginx -p {folder} -c {folder / 'conf'} -e {folder / 'errors'}"
