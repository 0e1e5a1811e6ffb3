"""QR codes as inline SVG."""

import segno


def qr_code(address: str) -> str:
    """Inline SVG; ours alone decides the address, so it is safe in a page."""
    code = segno.make(address, error="m", micro=False)
    svg: str = code.svg_inline(border=3, dark="#17181a", light="#fff", omitsize=True)
    return svg
