"""The documented API over real HTTP, in its own process.

Documentation: "VTO API Reference". Beyond it: ``GET /_sandbox`` tells what it has
seen, ``POST /_sandbox`` with JSON ``{"faults": [...]}`` or ``{"options": {...}}``
changes how it behaves while it runs.
"""

import json
import re
import socket
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypedDict
from urllib.parse import parse_qs, urlsplit

from . import composite
from .jobs import Fault, Job, Options, State, iso

API = "/api/v1/virtual-try-on"
UPLOADS = "/uploads/virtualtryon/processed"
KEY = re.compile(r"sk_live_[A-Za-z0-9_-]{43}")
GARMENT_TYPES = ("upper_body", "lower_body", "full_body")
MAX_BODY = 64 * 1024 * 1024
MESSAGE = "Virtual try-on job created and processing started"
RUN_OUT = b"<Error><Code>AccessDenied</Code><Message>Expired</Message></Error>"
PART_NAME = re.compile(rb'name="([^"]*)"')


class Orders(TypedDict, total=False):
    """By the names of `Fault` and `Options`."""

    faults: list[dict[str, Any]]
    options: dict[str, Any]


Parts = dict[str, tuple[bytes, bytes]]  # field: (headers, content)


def parse_form(content_type: str, body: bytes) -> Parts:
    """multipart/form-data by its boundary; raises ValueError on anything else."""
    match = re.search(r'boundary="?([^";]+)"?', content_type)
    if not content_type.startswith("multipart/form-data") or match is None:
        raise ValueError("expected multipart/form-data")
    parts = {}
    for piece in body.split(b"--" + match[1].encode())[1:-1]:
        headers, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = PART_NAME.search(headers)
        if name is None:
            raise ValueError("a part without a name")
        parts[name[1].decode()] = (headers, content.removesuffix(b"\r\n"))
    return parts


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, options: Options):
        self.state = State(options)
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that left is no error of ours."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "Sandbox"
    sys_version = ""

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: /_sandbox tells more."""

    @property
    def state(self) -> State:
        return self.server.state

    # --- answering ---------------------------------------------------------

    def send(
        self,
        status: int,
        body: bytes,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        if self.path.startswith(API):
            self.state.travel()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, status: int, data: object, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.send(status, json.dumps(data).encode(), headers=named)

    def send_error_json(self, status: int, code: str, text: str, **h: str) -> None:
        error = {"success": False, "error": {"code": code, "message": text}}
        self.send_json(status, error, **h)

    def cut(self) -> None:
        """Close the connection without a word."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def read_body(self) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            return b""
        return self.rfile.read(length)

    # --- routes --------------------------------------------------------------

    def do_POST(self) -> None:
        body = self.read_body()
        path = urlsplit(self.path).path.rstrip("/")
        if path == "/_sandbox":
            self.control(json.loads(body or b"{}"))
        elif path == API:
            self.state.travel()
            self.submit(body)
        else:
            self.send_error_json(404, "NOT_FOUND", "Route not found")

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.rstrip("/")
        if path == "/_sandbox":
            self.send_json(200, self.state.stats())
        elif path.startswith(f"{API}/"):
            self.state.travel()
            self.poll(path.removeprefix(f"{API}/"))
        elif path.startswith(f"{UPLOADS}/"):
            self.result(path.removeprefix(f"{UPLOADS}/"))
        else:
            self.send_error_json(404, "NOT_FOUND", "Route not found")

    def control(self, orders: Orders) -> None:
        with self.state.lock:
            if "faults" in orders:
                self.state.faults = [Fault(**fault) for fault in orders["faults"]]
            if "options" in orders:
                self.state.options = replace(self.state.options, **orders["options"])
        self.send_json(200, {"success": True})

    def authorized(self) -> str | None:
        key = self.headers.get("X-API-Key", "")
        if not KEY.fullmatch(key):
            self.send_error_json(401, "INVALID_API_KEY", "Invalid API key")
            return None
        if not self.state.allow(key, time.time()):
            self.send_error_json(429, "RATE_LIMIT_EXCEEDED", "Too Many Requests")
            return None
        return key

    def submit(self, body: bytes) -> None:
        key = self.authorized()
        if key is None:
            return
        fault = self.state.take_fault("submit")
        if fault and not fault.name.endswith("after"):
            return self.misbehave(fault)
        try:
            parts = parse_form(self.headers.get("Content-Type", ""), body)
            mode, pictures = self.validated(parts)
        except ValueError as error:
            return self.send_error_json(400, "VALIDATION_ERROR", str(error))
        job = self.state.create(key, mode, pictures)
        if fault:
            return self.misbehave(fault)
        data = {
            "jobId": job.id,
            "status": "PENDING",
            "mode": mode,
            "createdAt": iso(job.created),
        }
        self.send_json(200, {"success": True, "message": MESSAGE, "data": data})

    def validated(self, parts: Parts) -> tuple[str, dict[str, bytes]]:
        """Documentation, "Form Data": three required fields, four for a combo."""
        pictures: dict[str, bytes] = {}
        for name in ("humanImage", "clothImage", "bottomClothImage"):
            if name not in parts:
                if name == "bottomClothImage":
                    continue
                raise ValueError(f"{name} is required")
            headers, content = parts[name]
            if b"Content-Type: image/" not in headers or not content:
                raise ValueError(f"{name} must be an image file")
            pictures[name] = content
        garment_type = parts.get("garmentType", (b"", b""))[1].decode(errors="replace")
        if not garment_type:
            raise ValueError("garmentType is required")
        if "bottomClothImage" in pictures:
            return "TOP_BOTTOM", pictures
        if garment_type not in GARMENT_TYPES:
            raise ValueError(f"garmentType must be one of {', '.join(GARMENT_TYPES)}")
        pictures["garmentType"] = garment_type.encode()
        return "SINGLE", pictures

    def poll(self, job_id: str) -> None:
        key = self.authorized()
        if key is None:
            return
        with self.state.lock:
            self.state.counts.polls += 1
        fault = self.state.take_fault("poll", job_id)
        if fault and fault.name != "fields":
            return self.misbehave(fault)
        job = self.state.jobs.get(job_id)
        if job is None or job.key != key:
            return self.send_error_json(404, "JOB_NOT_FOUND", "Job not found")
        data = self.describe_job(job)
        if fault:
            data |= fault.value
        self.send_json(200, {"success": True, "data": data})

    def describe_job(self, job: Job) -> dict[str, object]:
        """Documentation, "Response Example" and "Response Fields"."""
        status = job.status(time.time())
        done = status == "COMPLETED"
        over = status in ("COMPLETED", "FAILED")
        url = self.address(job) if done else None
        clothes = f"{self.server.url}/uploads/virtualtryon/original/clothes/{job.id}"
        return {
            "id": job.id,
            "status": status,
            "mode": job.mode,
            "humanImagePath": f"{self.server.url}/uploads/temp/{job.id}-human.jpg",
            "clothImagePath": f"{clothes}/cloth.jpg",
            "bottomClothImagePath": f"{clothes}/bottom.jpg"
            if job.mode == "TOP_BOTTOM"
            else None,
            "resultImagePath": url,
            "processedUrl": url,
            "createdAt": iso(job.created),
            "processingStartedAt": iso(job.created + 0.003),
            "processingCompletedAt": iso(job.created + job.duration) if over else None,
            "errorMessage": "Processing failed" if status == "FAILED" else None,
        }

    def address(self, job: Job) -> str:
        """Of its result: a fresh one at each poll, if they run out."""
        o = self.state.options
        until = f"?until={time.time() + o.address_seconds / o.speed}"
        url = f"{self.server.url}{UPLOADS}/{job.id}.jpg"
        return url + until if o.address_seconds else url

    def has_run_out(self) -> bool:
        until = parse_qs(urlsplit(self.path).query).get("until")
        return until is not None and float(until[0]) < time.time()

    def result(self, name: str) -> None:
        fault = self.state.take_fault("result", name.removesuffix(".jpg"))
        if fault:
            return self.misbehave(fault)
        job = self.state.jobs.get(name.removesuffix(".jpg"))
        if job is None or job.status(time.time()) != "COMPLETED":
            return self.send(404, b"not found", "text/plain")
        if self.has_run_out():
            return self.send(403, RUN_OUT, "application/xml")
        with self.state.lock:
            self.state.counts.results += 1
        self.send(200, self.picture(job), "image/jpeg")
        self.state.forget(job)

    def picture(self, job: Job) -> bytes:
        if not job.pictures:
            return composite.plain()
        if job.result is None:
            job.result = composite.compose(
                job.pictures["humanImage"],
                job.pictures["clothImage"],
                job.pictures.get("bottomClothImage"),
                job.pictures.get("garmentType", b"").decode(),
            )
        return job.result

    # --- faults ----------------------------------------------------------------

    def misbehave(self, fault: Fault) -> None:
        """One of the ways; those that end in `_after` come after a job was accepted.

        - cut: no answer, the connection closed · hang: silence for `value` seconds
        - status: `value` in the API's error form · flat: the same with a flat message
        - body: `value` = {status, text, type, headers} · redirect: to `value`
        - drip: a byte at a time for `value` seconds · half: an answer cut in its middle
        - endless: bytes without end · picture: `value` = {format, width, height}
        - vanish: the job is no longer known · fields: `value` over the poll's own
        """
        value = fault.value
        if fault.name in ("cut", "cut_after"):
            self.cut()
        elif fault.name in ("hang", "hang_after"):
            time.sleep(float(value or 60))
            self.cut()
        elif fault.name == "status":
            self.send_error_json(int(value), f"ERROR_{value}", f"Answer {value}")
        elif fault.name in ("body", "body_after"):
            self.send(
                int(value.get("status", 200)),
                value.get("text", "").encode(),
                value.get("type", "application/json"),
                value.get("headers"),
            )
        elif fault.name in ("redirect", "redirect_after"):
            code = 302 if fault.name == "redirect" else 303  # "see what was done"
            self.send(code, b"", "text/plain", {"Location": str(value)})
        elif fault.name == "flat":
            self.send_json(int(value), {"success": False, "message": f"Answer {value}"})
        elif fault.name == "drip":
            self.drip(float(value or 60))
        elif fault.name in ("half", "half_after"):
            self.start_body(5000)
            self.wfile.write(b'{"success": true, "data": {"jo')
            self.cut()
        elif fault.name == "endless":
            self.endless()
        elif fault.name == "picture":
            size = (int(value.get("width", 300)), int(value.get("height", 400)))
            self.send(200, composite.blank(value["format"], size), "image/jpeg")
        elif fault.name == "vanish":
            self.send_error_json(404, "JOB_NOT_FOUND", "Job not found")
        else:
            raise ValueError(fault.name)

    def start_body(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def endless(self) -> None:
        """Until the other side hangs up."""
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"\xff" * 65536)

    def drip(self, seconds: float) -> None:
        """One byte of the answer at a time, for as long as `seconds`."""
        self.start_body(100_000)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self.wfile.write(b" ")
            time.sleep(0.05)
        self.cut()


def serve_in_thread(options: Options, port: int = 0) -> Server:
    """A running stand-in on loopback; `shutdown()` ends it."""
    server = Server("127.0.0.1", port, options)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server
