"""Asks the fitting room for pictures, however often that takes."""

import time

import requests

WAITING = {"queued", "submitting", "processing", "fetching"}
AGAIN = {"in_progress", "too_fast", "busy", "internal"}


class FittingRoom:
    def __init__(self, url, key):
        self.url = f"{url}/api/v1"
        self.headers = {"Authorization": f"Bearer {key}"}

    def call(self, method, path, key=None, **body):
        """Until it is answered; with `key` it is one request, however often sent."""
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        while True:
            try:
                answer = requests.request(
                    method, self.url + path, headers=headers, timeout=60, **body
                )
            except requests.RequestException:
                time.sleep(1)  # away: nobody knows whether it arrived, so once more
                continue
            ours = "json" in answer.headers.get("Content-Type", "")
            if answer.ok or (ours and answer.json()["code"] not in AGAIN):
                answer.raise_for_status()
                return answer
            time.sleep(int(answer.headers.get("Retry-After", 1)))

    def picture(self, photo, garment, bottom=None, key=None):
        """JPEG bytes; None if it failed, or nobody knows whether it was made."""
        form = {"files": {"file": photo}, "data": {"consent": "true"}}
        photo_id = self.call("POST", "/photos", **form).json()["id"]
        wanted = {"photo": photo_id, "garment": garment, "bottom": bottom}
        answer = self.call("POST", "/try-ons", key, json=wanted)
        path = f"/try-ons/{answer.json()['id']}"
        while answer.json()["status"] in WAITING:
            time.sleep(int(answer.headers.get("Retry-After", 1)))
            answer = self.call("GET", path)
        made = answer.json()["status"] == "completed"
        return self.call("GET", f"{path}/picture").content if made else None
