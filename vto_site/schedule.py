"""What beat asks the workers for, and how often."""

DISPATCH = "tryon.tasks.dispatch"  # the name of the task that plans
# Each minute. Each by itself, so that one which fails stops no other.
TENDED = (
    "tend_renditions",
    "tend_exports",
    "tend_imports",
    "sync_feeds",
    "erase_files",
    "delete_expired_guests",
    "delete_old_pictures",
    "delete_tombstones",
    "delete_expired",
    "purge_imports",
    "clear_sessions",
    "prune_requests",
    "clear_api_records",
    "make_searchable",
    "tell_of_late_pictures",
    "tell_of_stopped_keys",
    "tell_of_stopped_webhooks",
)


def build_schedule(scale: float) -> dict[str, dict[str, object]]:
    """`scale`: MIRAGIC_TIME_SCALE, which divides the tick."""
    tick = {
        "task": DISPATCH,
        "schedule": 1 / scale,
        "options": {"expires": 2},
    }
    minutely = {
        name: {
            "task": f"tryon.tasks.{name}",
            "schedule": 60,
            "options": {"expires": 55},
        }
        for name in TENDED
    }
    return {"dispatch": tick, **minutely}
