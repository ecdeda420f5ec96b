"""Under which name a schema registry keeps the history of a record: its subject.

The three namings are those of Confluent's serializers (`value.subject.name.strategy`), so that what one side registers
the other side finds.
"""

from enum import Enum

from gateway.domain.topics import event_topic


class SubjectNaming(Enum):
    """How subjects are named."""

    TOPIC_RECORD = "topic-record"
    RECORD = "record"
    TOPIC = "topic"


def subject_of(naming: SubjectNaming, event_type: str, record_name: str) -> str:
    """Name the subject of an event type.

    Args:
        naming: TopicRecordNameStrategy, RecordNameStrategy or TopicNameStrategy.
        event_type: e.g. `order.created`.
        record_name: the full name of its record.
    """
    match naming:
        case SubjectNaming.TOPIC_RECORD:
            return f"{event_topic(event_type)}-{record_name}"
        case SubjectNaming.RECORD:
            return record_name
        case SubjectNaming.TOPIC:
            return f"{event_topic(event_type)}-value"
