"""Submit, poll, download. Documentation: "Request", "How To Get Process Status".

Nothing here repeats a request: a request counts against the limit and a submit is
paid for, so whether to send again is the scheduler's and a person's decision.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urljoin, urlsplit

import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema
from urllib3.exceptions import LocationParseError

from . import answers
from .answers import Accepted, Polled
from .body import MAX_DETAIL, parse_body, parse_retry_after
from .errors import MayHaveArrived, NotArrived, ResultOutOfReach, ResultUnavailable
from .meaning import error_from
from .redact import redact
from .transport import BROKEN, Exchange, Files

PATH = "/api/v1/virtual-try-on"
# "Can be any text for this case" (Form Data, Case 2); the examples say this.
COMBO_TYPE = "comb"
MAX_ANSWER = 1024 * 1024  # bytes of a JSON answer
MAX_RESULT = 40 * 1024 * 1024  # bytes of a picture
MAX_REDIRECTS = 3
PATH_TOLD = re.compile(r"url: \S+")  # of a result, it opens somebody's picture
# What can be no address, however well the network is.
NO_ADDRESS = (InvalidURL, InvalidSchema, MissingSchema, LocationParseError)


@dataclass(frozen=True)
class Deadlines:
    """Seconds over each whole exchange."""

    submit: float = 30
    poll: float = 10
    download: float = 60


class Client:
    """The API at `base_url`, used with one key a call. Raises `MiragicError`s."""

    def __init__(self, base_url: str, deadlines: Deadlines = Deadlines()):
        self.base_url = base_url.rstrip("/")
        self.deadlines = deadlines

    def submit(
        self,
        key: str,
        *,
        human: bytes,
        cloth: bytes,
        bottom: bytes | None = None,
        garment_type: str = "",
    ) -> Accepted:
        """Create a job from JPEG bytes; with `bottom` a combo, then no garment type.

        Documentation, "Form Data" (Case 1 and 2): person 2048 px, garments 1024 px.
        """
        # Neutral names: the API's public addresses end in the name that was sent.
        files = [
            ("humanImage", ("human.jpg", human, "image/jpeg")),
            ("clothImage", ("cloth.jpg", cloth, "image/jpeg")),
        ]
        if bottom is not None:
            files.append(("bottomClothImage", ("bottom.jpg", bottom, "image/jpeg")))
            garment_type = COMBO_TYPE
        status, body = self._exchange(
            "POST",
            self.base_url + PATH,
            key,
            self.deadlines.submit,
            data={"garmentType": garment_type},
            files=files,
        )
        return answers.read_accepted(status, body)

    def poll(self, key: str, remote_id: str) -> Polled:
        """Where the job stands ("Get Task Status")."""
        status, body = self._exchange(
            "GET",
            f"{self.base_url}{PATH}/{quote(remote_id, safe='')}",
            key,
            self.deadlines.poll,
        )
        return answers.read_polled(status, body, self.base_url)

    def download(self, url: str) -> bytes:
        """The bytes behind a result address, without the key.

        Never from a private address, the API's own origin excepted; each redirect
        is checked. Raises `ResultUnavailable`, or `ResultOutOfReach` where only an
        outage answered.
        """
        with Exchange(self.deadlines.download) as exchange:
            for _hop in range(MAX_REDIRECTS + 1):
                if not _is_web_address(url):
                    raise ResultUnavailable("not a web address", final=True)
                exchange.public_only = _origin(url) != _origin(self.base_url)
                try:
                    response = exchange.request("GET", url)
                    if response.is_redirect:
                        url = urljoin(url, response.headers["Location"])
                        response.close()
                        continue
                    return self._picture(exchange, response)
                except NO_ADDRESS as error:
                    detail = _describe(error, exchange)
                    raise ResultUnavailable(detail, final=True) from None
                except BROKEN as error:
                    detail = _describe(error, exchange)
                    if exchange.forbidden:
                        raise ResultUnavailable(detail, final=True) from None
                    raise ResultOutOfReach(detail) from None
            raise ResultUnavailable("too many redirects", final=True)

    def _picture(self, exchange: Exchange, response: requests.Response) -> bytes:
        status = response.status_code
        if status >= 500 or status in (408, 425, 429):
            raise ResultOutOfReach(f"{status} for the picture", status=status)
        if status != 200:
            raise ResultUnavailable(f"{status} for the picture", status=status)
        data = bytearray()
        for chunk in exchange.chunks(response):
            data += chunk
            if len(data) > MAX_RESULT:
                raise ResultUnavailable("the picture is too large", status=status)
        return bytes(data)

    def _exchange(
        self,
        method: str,
        url: str,
        key: str,
        deadline: float,
        *,
        data: dict[str, str] | None = None,
        files: Files | None = None,
    ) -> tuple[int, bytes]:
        headers = {"X-API-Key": key, "Accept": "application/json"}
        response, body, cut = None, b"", ""
        with Exchange(deadline) as exchange:
            try:
                response = exchange.request(
                    method, url, headers=headers, data=data, files=files
                )
                for chunk in exchange.chunks(response):
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        cut = "the answer is too long"
                        break
            except BROKEN as error:
                cut = _describe(error, exchange)
                for secret in (key, repr(key)):
                    cut = cut.replace(secret, "sk_…")
        if response is None:
            raise (MayHaveArrived if exchange.connected else NotArrived)(cut)
        status = response.status_code
        body = body.replace(key.encode(), b"sk_...")
        if status >= 300:  # which says enough, however much of the rest came
            retry_after = response.headers.get("Retry-After")
            wait = parse_retry_after(retry_after, datetime.now(UTC))
            raise error_from(status, body, wait)
        if cut and parse_body(body) is None:
            raise MayHaveArrived(cut, status=status)
        return status, body


def _is_web_address(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    try:
        return parts.scheme, parts.hostname, parts.port or default
    except ValueError:  # a port that is no number
        return parts.scheme, parts.hostname, None


def _describe(error: BaseException, exchange: Exchange) -> str:
    if exchange.expired or isinstance(error, requests.Timeout):
        return "no answer before the deadline"
    described = PATH_TOLD.sub("url: …", f"{type(error).__name__}: {error}")
    return redact(described)[:MAX_DETAIL]
