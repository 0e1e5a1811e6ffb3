"""650 hostile and odd files sent to a real web process: the slowest, and its memory.

``python -m tests.bench.hostile``: real HTTP, one after the other.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import requests

from tests import hostile
from tests.bench.load import LOGIN, Memory, signed_in, token
from tests.live import live_site

LONGEST, MOST_MB = 5, 600


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    answers, slowest = Counter[int](), (0.0, "")
    with live_site(folder, MIRAGIC_API_KEYS="", MIRAGIC_BASE_URL="") as site:
        site.manage("demo")
        accounts = json.loads((folder / "data" / "demo-accounts.json").read_text())
        site.start("web")
        site.until(site.is_up)
        session = signed_in(site.url, accounts[LOGIN])
        form = token(session.get(f"{site.url}/photos/", timeout=30).text)
        fields = {"csrfmiddlewaretoken": form, "consent": "on"}
        with Memory(site) as memory:
            for name, data in hostile.corpus():
                started = time.perf_counter()
                answer = requests.post(
                    f"{site.url}/photos/",
                    fields,
                    files={"photo_file": ("x.jpg", data)},
                    cookies=session.cookies.get_dict(),
                    allow_redirects=False,
                    timeout=60,
                )
                slowest = max(slowest, (time.perf_counter() - started, name))
                answers[answer.status_code] += 1
    print(
        f"{sum(answers.values())} files, answers {dict(answers)}, slowest "
        f"{slowest[0]:.2f} s ({slowest[1]}), most memory {memory.most['web']} MB"
    )
    sound = set(answers) <= {302, 422} and slowest[0] < LONGEST
    return int(not sound or memory.most["web"] >= MOST_MB)


if __name__ == "__main__":
    sys.exit(main())
