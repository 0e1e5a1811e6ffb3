"""What goes out: JPEGs that may be stored, renditions, the label of a model's work."""

import io
from dataclasses import dataclass, field

from PIL import Image

from .. import analysis

QUALITY = 90


@dataclass(frozen=True)
class Picture:
    """A JPEG that may be stored, served and sent."""

    data: bytes
    width: int
    height: int
    mean_color: str
    source_sha256: str
    measured: dict[str, object] = field(default_factory=dict)  # `analysis.Measured`


def encode(image: Image.Image, sha256: str, person: bool | None) -> Picture:
    """`person`: whether that, clothes or nothing is to be measured."""
    measured = {}
    if person is not None:
        measured = analysis.measure(image, person=person).as_json()
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    pixel = image.resize((1, 1), Image.Resampling.BOX, reducing_gap=1.0)
    red, green, blue = pixel.tobytes()
    return Picture(
        data=out.getvalue(),
        width=image.width,
        height=image.height,
        mean_color=f"#{red:02x}{green:02x}{blue:02x}",
        source_sha256=sha256,
        measured=measured,
    )


def webp(data: bytes, width: int) -> bytes:
    """Of a stored JPEG; never wider than that is."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        image.thumbnail((width, image.height * width), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        image.save(out, "WEBP", quality=80, method=4)
        return out.getvalue()


# What IPTC calls a picture that a model made from a photograph.
XMP = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def labelled(jpeg: bytes) -> bytes:
    """A stored JPEG with the label that it was made by a model; pixels untouched."""
    segment = b"http://ns.adobe.com/xap/1.0/\0" + XMP
    size = (len(segment) + 2).to_bytes(2, "big")
    return jpeg[:2] + b"\xff\xe1" + size + segment + jpeg[2:]
