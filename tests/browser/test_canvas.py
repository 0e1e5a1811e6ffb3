"""A canvas that is guarded against fingerprints is not believed: the original goes."""

import base64
import io
import secrets

import pytest
from PIL import Image

from tests.browser.conftest import PHONE
from tests.conftest import openvto_assets

pytestmark = pytest.mark.browser

# As browsers lie: noise in the lowest bits of some colours is Brave's and Firefox's.
OURS = """
const context = CanvasRenderingContext2D.prototype;
const canvas = HTMLCanvasElement.prototype;
const read = context.getImageData, write = canvas.toBlob;
function noisy(image) {
  for (let n = 0; n < 40; n++) {
    const at = Math.floor(Math.random() * image.data.length / 4) * 4 + n % 3;
    image.data[at] ^= 1;
  }
  return image;
}
const noisyRead = function (...args) { return noisy(read.apply(this, args)); };
const noisyWrite = function (...args) {
  const copy = document.createElement('canvas');
  Object.assign(copy, { width: this.width, height: this.height });
  const drawn = copy.getContext('2d');
  drawn.drawImage(this, 0, 0);
  drawn.putImageData(noisy(read.call(drawn, 0, 0, copy.width, copy.height)), 0, 0);
  write.apply(copy, args);
};
const whiteRead = function (...args) {
  const image = read.apply(this, args);
  image.data.fill(255);
  return image;
};
const whiteWrite = function (...args) {
  const copy = document.createElement('canvas');
  Object.assign(copy, { width: this.width, height: this.height });
  const drawn = copy.getContext('2d');
  drawn.fillStyle = '#fff';
  drawn.fillRect(0, 0, copy.width, copy.height);
  write.apply(copy, args);
};
const refuse = () => {
  throw new DOMException('The operation is insecure.', 'SecurityError');
};
"""
LIES = {
    "noise": "context.getImageData = noisyRead; canvas.toBlob = noisyWrite",
    "noise in what is read": "context.getImageData = noisyRead",
    "noise in what is written": "canvas.toBlob = noisyWrite",
    "white": "context.getImageData = whiteRead; canvas.toBlob = whiteWrite",
    "white in what is written": "canvas.toBlob = whiteWrite",
    "nothing written": "canvas.toBlob = (done) => done(null)",
    "written never": "canvas.toBlob = () => {}",
    "writing refused": "canvas.toBlob = refuse",
    "reading refused": "context.getImageData = refuse",
    "no context": "canvas.getContext = () => null",
    "no bitmaps": "delete window.createImageBitmap",
    "bitmaps refused": "window.createImageBitmap = async () => refuse()",
}
SHRINK = """async text => {
  const { shrink } = await import('/static/js/canvas.js');
  const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const file = new File([bytes], 'me.jpg', { type: 'image/jpeg' });
  const sent = [await shrink(file), await shrink(file)];
  return sent.map(one => one === file ? 'original' : `${one.name} ${one.type}`);
}"""


@pytest.fixture
def large() -> bytes:
    """A photo worth making smaller, unlike any other."""
    image = Image.open(openvto_assets() / "avatars" / "3.png").convert("RGB")
    image = image.resize((2250, 3000))
    image.paste(tuple(secrets.token_bytes(3)), (0, 0, 64, 64))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95)
    return out.getvalue()


def shrunk(visitor, data: bytes) -> list[str]:
    visitor.goto("/try-on/")
    return visitor.page.evaluate(SHRINK, base64.b64encode(data).decode())


def test_an_honest_canvas_makes_it_smaller(visit, large):
    assert shrunk(visit(), large) == ["photo.jpg image/jpeg"] * 2


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_canvas_sends_the_original(visit, large, lie):
    visitor = visit()
    visitor.page.add_init_script(f"{{ {OURS} {LIES[lie]}; }}")
    assert shrunk(visitor, large) == ["original"] * 2


def test_the_test_is_made_once_a_page(visit, large):
    visitor = visit()
    visitor.page.add_init_script("""
        window.asked = 0;
        const read = CanvasRenderingContext2D.prototype.getImageData;
        CanvasRenderingContext2D.prototype.getImageData = function (...args) {
          window.asked += 1;
          return read.apply(this, args);
        };""")
    assert shrunk(visitor, large) == ["photo.jpg image/jpeg"] * 2
    assert visitor.page.evaluate("window.asked") == 3


@pytest.mark.parametrize("lie", [None, "white"])
def test_what_arrives_is_the_photo(visit, large, tmp_path, lie):
    """By the front door: Firefox's white canvas was uploaded as a photo."""
    file = tmp_path / "me.jpg"
    file.write_bytes(large)
    visitor = visit(viewport=PHONE)
    page = visitor.page
    if lie:
        page.add_init_script(f"{{ {OURS} {LIES[lie]}; }}")
    visitor.goto("/try-on/")
    visitor.consent()
    with page.expect_response("**/photos/") as uploaded:
        page.set_input_files("[name=photo_file]", str(file))
    assert uploaded.value.status == 201
    page.wait_for_selector(".photo input:checked", state="attached")
    made_smaller = "Made smaller" in page.inner_text("[data-upload-state]")
    assert made_smaller is (lie is None)
    colour = page.locator(".photo img").first.get_attribute("data-color")
    assert int(colour[1:3], 16) < 0xF0  # not the white that the canvas gave
