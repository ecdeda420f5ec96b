"""Events that are not published: made of data that somebody gives, to see what would become of them.

They go the way of real ones, encoded by the producer's side and decoded by the stream's, so that what is seen is what
would be.
"""

from datetime import datetime

from gateway.domain.delivery import DEFAULT_MAX_BODY_BYTES
from gateway.wire.catalog import Catalog
from gateway.wire.event_codec import DecodedEvent, EventDecoder, EventRecord
from gateway.wire.event_encoder import EventEncoder, NewEvent
from gateway.wire.moments import milliseconds_of

TRIAL_ID = "trial"


def trial_event(
    catalog: Catalog, event: NewEvent, now: datetime, *, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
) -> DecodedEvent:
    """Give an event as the stream would have it.

    Args:
        catalog: the known event types and versions.
        event: the event; its id is `trial` where it has none.
        now: the present, with a time zone.
        max_body_bytes: how many bytes a body may have.

    Raises:
        NotFoundError: there is no such event type or version.
        InvalidInputError: the data or the context does not fit, or the event is too large.
    """
    encoder = EventEncoder(catalog, max_body_bytes=max_body_bytes)
    encoded = encoder.encode(event, new_id=TRIAL_ID, now=now)
    record = EventRecord(encoded.topic, 0, 0, milliseconds_of(now), encoded.key, encoded.value, encoded.headers)
    return EventDecoder(catalog).decode(record)
