"""What comes in, read strictly: a typing error must not become a paid picture."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, BinaryIO, NoReturn, TypeAlias

from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive
from ninja.parser import Parser
from pydantic import BeforeValidator, StringConstraints

from ..pictures import normalise
from ..services.customers import MOST
from .problems import FieldError, Problem, invalid

JSON, FORM = "application/json", "multipart/form-data"
UTF_8 = {"utf-8", "utf8"}
# U+FFFD stands where a form or an address was no UTF-8: two customers could become one.
PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd]*$"


def _no_bytes(value: Any) -> Any:
    """A file where a text belongs."""
    if not isinstance(value, str):
        raise ValueError("Send a text.")
    return value


Printable: TypeAlias = Annotated[
    str, StringConstraints(pattern=PRINTABLE), BeforeValidator(_no_bytes)
]
CustomerId: TypeAlias = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MOST, pattern=PRINTABLE),
    BeforeValidator(_no_bytes),
]


def read_moment(text: str) -> datetime:
    """In UTC, where a database looks for it. Raises `ValueError`."""
    moment = parse_datetime(text)
    if moment is None or is_naive(moment):
        raise ValueError(text)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first or last hours that there are, in another zone
        raise ValueError(text) from None


def _parse_moment(value: Any) -> datetime:
    """No number, which could be seconds or days."""
    try:
        return read_moment(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("A time with its zone: 2026-11-27T10:00:00Z.") from None


Moment: TypeAlias = Annotated[datetime, BeforeValidator(_parse_moment)]


class StrictParser(Parser):
    """JSON as RFC 8259 would have it sent."""

    def parse_body(self, request: HttpRequest) -> Any:
        check_content_type(request, JSON)
        try:
            return json.loads(
                request.body.decode("utf-8"),
                object_pairs_hook=_without_duplicates,
                parse_constant=_refuse_constant,
            )
        except (ValueError, RecursionError) as error:
            raise Problem("malformed", f"The body is no JSON: {error}.") from None

    def parse_querydict(
        self,
        data: "MultiValueDict[str, Any]",
        list_fields: list[str],
        request: HttpRequest,
    ) -> dict[str, Any]:
        """Of an address, or of a form, which is then what the body has to be."""
        if data is not request.GET:
            check_content_type(request, FORM)
        return super().parse_querydict(data, list_fields, request)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise ValueError(f"the name {name!a} is there twice")
        values[name] = value
    return values


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def check_content_type(request: HttpRequest, wanted: str) -> None:
    """Raises `Problem`."""
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if request.content_type != wanted or charset not in UTF_8:
        sent = request.headers.get("Content-Type", "") or "nothing"
        detail = f"Send {wanted} in UTF-8; Content-Type said {sent[:100]!a}."
        raise Problem("unsupported_media_type", detail)
    packed = request.headers.get("Content-Encoding", "")
    if packed.lower() not in ("", "identity"):
        detail = f"Send the body as it is: Content-Encoding said {packed[:100]!a}."
        raise Problem("unsupported_media_type", detail)


def read_picture(
    reader: Callable[[BinaryIO], normalise.Picture], file: Any, field: str
) -> normalise.Picture:
    """`file`: an upload, or what is open. Raises `Problem` that names the field."""
    try:
        return reader(getattr(file, "file", file))
    except normalise.PictureError as error:
        sentence = str(error)
    # Not from within, where it would keep the half-read picture in its traceback.
    raise invalid(**{field: sentence})


def refuse_unknown(
    sent: "QueryDict | MultiValueDict[str, Any]", known: Iterable[str]
) -> None:
    """Names that mean nothing here, and names that came twice. Raises `Problem`."""
    known = sorted(known)
    errors: list[FieldError] = []
    for name in sent:
        if name not in known:
            names = ", ".join(known) or "none"
            errors.append({"field": name, "message": f"Not known. There are: {names}."})
        elif len(sent.getlist(name)) > 1:
            errors.append({"field": name, "message": "It is there twice. Send one."})
    if errors:
        detail = " ".join(f"{e['field']}: {e['message']}" for e in errors)
        raise Problem("invalid", detail[:1000], errors)
