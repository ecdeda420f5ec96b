"""What a JSON merge patch of a subscription says: what it leaves out, and what it takes away."""

from typing import Any

import pytest

from gateway.admin.field_errors import FieldError
from gateway.console.api.subscription_models import SubscriptionChange

TAKEN_AWAY = ("description", "filter", "transform", "ca_bundle", "client_certificate")


@pytest.mark.parametrize("name", TAKEN_AWAY)
def test_null_takes_away_what_need_not_be_there(name: str) -> None:
    """As an empty text does it in a definition."""
    change = SubscriptionChange.model_validate({name: None})
    change.check_taken_away()
    assert getattr(change.definition(None), name) == ""


@pytest.mark.parametrize("name", sorted(SubscriptionChange.model_fields.keys() - {*TAKEN_AWAY, "sensitive_grants"}))
def test_null_is_refused_where_it_would_change_nothing(name: str) -> None:
    """Else its sender would take it for done."""
    change = SubscriptionChange.model_validate({"filter": None, name: None})
    with pytest.raises(FieldError, match=f"{name} can't be taken away") as refused:
        change.check_taken_away()
    assert refused.value.field == name


@pytest.mark.parametrize(
    "said", [{}, {"url": "https://example.com/"}, {"sensitive_grants": None}, {"headers": {"X": None}}]
)
def test_what_is_left_out_is_not_said(said: dict[str, Any]) -> None:
    """And what is said is not refused."""
    change = SubscriptionChange.model_validate(said)
    change.check_taken_away()
    assert change.definition(None).description is None
