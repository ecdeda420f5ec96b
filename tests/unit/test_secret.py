"""Which texts are signing secrets."""

import base64

import pytest

from gateway.domain.errors import InvalidInputError
from gateway.domain.secret import parse_secret


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_" + base64.b64encode(bytes(25)).decode().rstrip("="),
        "whsec_" + base64.b64encode(bytes(25)).decode()[:-3] + "B==",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS\n",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La LaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSé",
    ],
)
def test_what_is_no_secret_is_refused_without_repeating_it(text: str) -> None:
    """Anything but canonical base64 of 24 to 64 bytes is refused, and the message does not hold it."""
    with pytest.raises(InvalidInputError) as refused:
        parse_secret(text)
    encoded = text.removeprefix("whsec_")
    assert not encoded or encoded not in str(refused.value)
