"""Which names of events, ids and tenants are acceptable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidInputError
from gateway.domain.event import check_event_id, check_event_type, check_tenant, domain_of


@pytest.mark.parametrize(
    ("event_type", "domain"), [("order.created", "order"), ("a.b", "a"), ("shop_2.order.line_added", "shop_2")]
)
def test_dotted_lower_case_is_an_event_type(event_type: str, domain: str) -> None:
    """An event type names its domain by its first part."""
    assert check_event_type(event_type) == event_type
    assert domain_of(event_type) == domain


@pytest.mark.parametrize(
    "event_type",
    ["", "order", "order.", ".created", "order..created", "Order.created", "order.*", "*", "order.created\n", "1.a"],
)
def test_what_is_no_event_type_is_refused(event_type: str) -> None:
    """Anything else is refused with a hint."""
    with pytest.raises(InvalidInputError) as refused:
        check_event_type(event_type)
    assert refused.value.hint


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=256))
def test_printable_ascii_is_an_event_id(event_id: str) -> None:
    """Whatever can stand in a header is an id."""
    assert check_event_id(event_id) == event_id


@pytest.mark.parametrize("event_id", ["", " ", "a b", "a\n", "a\r\nX: y", "é", "a" * 257, "\x7f"])
def test_what_cannot_be_sent_is_no_event_id(event_id: str) -> None:
    """An id that could not be sent as a header, or would break one, is refused."""
    with pytest.raises(InvalidInputError):
        check_event_id(event_id)


@pytest.mark.parametrize("tenant", ["default", "acme-1", "A.b_c", "x" * 128])
def test_a_plain_name_is_a_tenant(tenant: str) -> None:
    """Letters, digits, dots, dashes and underscores make a tenant."""
    assert check_tenant(tenant) == tenant


@pytest.mark.parametrize("tenant", ["", "-a", ".a", "a b", "a/b", "é", "x" * 129, "a\n"])
def test_what_is_no_tenant_is_refused(tenant: str) -> None:
    """Anything else is refused."""
    with pytest.raises(InvalidInputError):
        check_tenant(tenant)
