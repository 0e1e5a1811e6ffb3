from django.core.checks import run_checks

from tryon import checks


def test_a_sound_installation_has_nothing_to_say(db):
    assert [check for check in run_checks() if check.id.startswith("tryon")] == []


def test_a_base_url_without_keys(settings):
    settings.MIRAGIC_BASE_URL_WITHOUT_KEYS = True
    (warning,) = checks.base_url_needs_keys(None)
    assert (warning.id, bool(warning.hint)) == ("tryon.W001", True)


def test_keys_that_cannot_be_keys(settings):
    settings.MIRAGIC_API_KEYS = ["two words"]
    (error,) = checks.keys_without_spaces(None)
    assert "two words" not in error.msg


def test_a_folder_nobody_may_write_to(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "missing"
    assert checks.data_dir_is_writable(None)[0].id == "tryon.E002"


def test_a_time_scale_against_the_real_api(settings):
    settings.MIRAGIC_TIME_SCALE = 10
    settings.MIRAGIC_BASE_URL = "https://backend.miragic.ai"
    assert checks.time_scale_only_for_stand_ins(None)[0].id == "tryon.E003"


def test_https_behind_a_proxy_that_nobody_named(settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert checks.https_needs_a_proxy(None) == []
    settings.TRUSTED_PROXIES = []
    (warning,) = checks.https_needs_a_proxy(None)
    assert warning.id == "tryon.W002" and "TRUSTED_PROXIES" in warning.hint
