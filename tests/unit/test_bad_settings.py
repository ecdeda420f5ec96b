"""Every setting, with values that it can't mean: refused by its name, or taken; nothing else."""

import pytest

from gateway.domain.errors import GatewayError, InvalidInputError
from gateway.services.deployment import Deployment
from gateway.settings import ENV_PREFIX, Settings, load_settings

VARIABLES = {f"{ENV_PREFIX}{name.upper()}": str(field.annotation) for name, field in Settings.model_fields.items()}
WORDS_ARE_WRONG = [
    variable for variable, kind in VARIABLES.items() if not any(text in kind for text in ("str", "Secret", "Path"))
]
HOSTILE = ("", " ", "x", "red\x1b[31m", "\udcff", "9" * 5_000, "1e999", "nan", "-1", "a,,b", "[" * 10_000)
NO_KEY_RINGS = ("hunter2", "k1:hunter2", "k1:aHVudGVyMg==", "hunter2:", "k1:" + "hunter2" * 7, "\udcffhunter2")


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_setting_is_refused_by_its_name_or_taken(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process must not end with a stack trace for what is in its environment."""
    monkeypatch.setenv(variable, value)
    said = None
    try:
        load_settings()
    except InvalidInputError as error:
        said = error.message
    assert said is None or said.startswith(f"{variable}: ")


@pytest.mark.parametrize("variable", WORDS_ARE_WRONG)
def test_a_word_is_no_number(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has bounds or choices is never taken for something it is not."""
    monkeypatch.setenv(variable, "hunter2")
    with pytest.raises(InvalidInputError) as refused:
        load_settings()
    assert "hunter2" not in refused.value.message


@pytest.mark.parametrize("ring", NO_KEY_RINGS)
def test_a_bad_key_ring_is_not_repeated(ring: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was meant as a key, and is none, must not get into a log by way of the error."""
    monkeypatch.setenv("GATEWAY_SECRET_KEYS", ring)
    with pytest.raises(GatewayError) as refused:
        Deployment(load_settings()).key_ring()
    assert "hunter2" not in f"{refused.value.message} {refused.value.hint}"
