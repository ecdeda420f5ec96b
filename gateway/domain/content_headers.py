"""The names by which a request says what its body is: between what renders it, what sends it and what receives it."""

SCHEMA_VERSION_HEADER = "webhook-schema-version"
EVENT_TYPE_HEADER = "webhook-event-type"
EVENT_TIME_HEADER = "webhook-event-time"
# CloudEvents' HTTP binding 1.0.2: attributes in headers (section 3.1.3), or all in the body (section 3.2.1).
CLOUDEVENTS_PREFIX = "ce-"
CLOUDEVENTS_TYPE = "application/cloudevents+json"
AVRO_TYPE = "application/avro"
