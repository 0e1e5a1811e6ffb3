"""The REST API does what its document says, and nothing else; a short run."""

from tests.contract.rest import GENEROUS, check
from tests.live import live_site


def test_the_document_and_the_answers_agree(tmp_path):
    with live_site(tmp_path, **GENEROUS) as site:
        site.start("web")
        site.until(site.is_up)
        done = check(site, 5)
        log = (tmp_path / "web.log").read_text()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in log, log
