"""The shapes of requests and answers, as the OpenAPI document tells them."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Field, Schema
from pydantic import AnyHttpUrl, ConfigDict, Strict, StringConstraints

from ..models import EventType, GarmentKind, Status
from .reading import CustomerId, Moment, Printable

Bool = Annotated[bool, Strict()]
Cursor = Annotated[str, StringConstraints(max_length=200, pattern="^[A-Za-z0-9_-]*$")]
Reference = Annotated[Printable, StringConstraints(min_length=1, max_length=40)]
WebhookUrl = Annotated[Printable, StringConstraints(min_length=1, max_length=500)]


class Body(Schema):
    """What is sent: nothing that is not known."""

    model_config = ConfigDict(extra="forbid")


class Advice(Schema):
    code: str
    sentence: str


class Photo(Schema):
    id: uuid.UUID
    customer: str | None
    width: int
    height: int
    created_at: datetime
    advice: list[Advice] = Field(description="What would make the picture better.")


class Worn(Schema):
    sku: str | None
    id: uuid.UUID
    name: str


class Failure(Schema):
    code: str
    sentence: str


class TryOn(Schema):
    id: uuid.UUID
    status: Status
    mode: str = Field(description="single or combo")
    photo: uuid.UUID | None
    garment: Worn | None
    bottom: Worn | None
    customer: str | None
    created_at: datetime
    submitted_at: datetime | None
    finished_at: datetime | None
    place: int | None = Field(description="In line, from 1; null when not in line.")
    eta_seconds: int | None = Field(description="An estimate; null when not known.")
    picture_url: str | None
    width: int | None
    height: int | None
    failure: Failure | None
    charged: bool | None = Field(description="Null: nobody knows.")


class TryOnIn(Body):
    photo: uuid.UUID
    garment: Reference = Field(description="A SKU, or a garment's id.")
    bottom: Reference | None = Field(None, description="The same, for a combo.")
    customer: CustomerId | None = None
    again: Bool = Field(False, description="Also if the same picture is there already.")


class Garment(Schema):
    id: uuid.UUID
    sku: str | None
    name: str
    kind: GarmentKind
    product_url: str | None
    width: int
    height: int
    retired: bool
    created_at: datetime
    updated_at: datetime


class PhotoForm(Schema):
    customer: CustomerId | None = None
    consent: bool = Field(
        description="true: the person agrees that the photo is sent to be worked on."
    )


class GarmentForm(Schema):
    name: Annotated[Printable, StringConstraints(min_length=1, max_length=80)]
    kind: GarmentKind
    product_url: Annotated[Printable, StringConstraints(max_length=200)] | None = None
    image_url: Annotated[Printable, StringConstraints(max_length=2000)] | None = None


class Page(Schema):
    limit: int = Field(50, ge=1, le=100)
    cursor: Cursor | None = Field(None, description="Of “next” of the list before.")


class PhotoFilter(Page):
    customer: CustomerId | None = None


class TryOnFilter(Page):
    customer: CustomerId | None = None
    status: Status | None = None
    garment: Reference | None = None


class GarmentFilter(Page):
    kind: GarmentKind | None = None
    q: Annotated[Printable, StringConstraints(max_length=200)] | None = None
    updated_since: Moment | None = None


class Photos(Schema):
    items: list[Photo]
    next: str | None


class TryOns(Schema):
    items: list[TryOn]
    next: str | None


class Garments(Schema):
    items: list[Garment]
    next: str | None


class Customer(Schema):
    id: str
    created_at: datetime
    tries_left: int
    tries_a_day: int
    photos: int
    try_ons: int


class Deleted(Schema):
    receipt: str


class Usual(Schema):
    p50: float | None
    p95: float | None


class Limits(Schema):
    queued: int
    oldest_queued_seconds: float | None
    usual_seconds: Usual
    keys_working: int
    tries_left_today: int | None = Field(
        description="Of the shop's daily ceiling; null: there is none."
    )


class WebhookIn(Body):
    url: WebhookUrl
    events: list[EventType] = Field(min_length=1, max_length=20)


class WebhookPatch(Body):
    """What is not there, or null, stays."""

    url: WebhookUrl | None = None
    events: list[EventType] | None = Field(None, min_length=1, max_length=20)
    active: Bool | None = None


class Webhook(Schema):
    id: uuid.UUID
    url: str
    events: list[EventType]
    active: bool
    stopped: str | None = Field(description="Why nothing is sent there any more.")
    created_at: datetime


class NewWebhook(Webhook):
    secret: str = Field(description="Only in this answer: keep it.")


class Webhooks(Schema):
    items: list[Webhook]
    next: str | None


class Delivery(Schema):
    id: uuid.UUID
    type: EventType
    created_at: datetime
    state: str
    attempts: int
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None
    status: int | None
    milliseconds: int | None
    answer: str


class Deliveries(Schema):
    items: list[Delivery]
    next: str | None


class FieldError(Schema):
    field: str
    message: str


class ProblemDocument(Schema):
    """RFC 9457."""

    type: AnyHttpUrl
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | None = Field(
        None, description="Which fields are wrong; always there with 422."
    )


EVERY = (400, 401, 403, 406, 411, 413, 422, 429, 500, 503)


def problems(*statuses: int) -> dict[int, Any]:
    """The errors that an operation may answer with, beside those of every one."""
    return dict.fromkeys(sorted({*EVERY, *statuses}), ProblemDocument)


class EmbedTokenIn(Body):
    customer: CustomerId


class EmbedToken(Schema):
    token: str
    customer: str
    expires_at: datetime
