"""The index's tables, for SQLite and for PostgreSQL: one text, with a few words that each has of its own.

Numbers are of the least type that holds what Avro's type of the field can: PostgreSQL keeps them in so many bytes, to
SQLite it is all the same.
"""

from collections.abc import Mapping

from gateway.console.steps import StepKind
from gateway.domain.history import DeliveryState
from gateway.domain.signals import SignalKind

# Kept with the data: another number, and all is made anew. Raise it with each change of the tables or their meaning.
LAYOUT = 6
STATES = tuple(DeliveryState)
SIGNAL_KINDS = tuple(SignalKind)
DELIVERED = STATES.index(DeliveryState.DELIVERED)
# What the words are: of a row's number, of bytes, behind a table that is only found by its key, and the row's number in
# an index, where SQLite has it at the end of each: so an index alone answers.
SQLITE_WORDS = {"row": "INTEGER", "bytes": "BLOB", "keyed": " WITHOUT ROWID", "and_row": ""}
POSTGRES_WORDS = {"row": "BIGINT", "bytes": "BYTEA", "keyed": "", "and_row": ", id"}

# `names` keeps every word once: ids of subscriptions, tenants, event types, topics, reasons.
# A step repeats whose delivery it is of, so that attempts are searched without a look at their deliveries.
# Counts of a subscription have its tenant: when it was deleted, another tenant may have its id.
# `deliveries.at_ms` is the time by which they are listed: when the delivery was planned. It hardly ever changes, so a
# page of a list stays what it was, and an attempt moves no entry of the indexes that end with it.
_TABLES = """
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL){keyed};
CREATE TABLE positions (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, next_offset BIGINT NOT NULL, PRIMARY KEY (topic, partition)
){keyed};
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE deliveries (
  id {row} PRIMARY KEY, delivery_id {bytes} NOT NULL, event_id TEXT NOT NULL, event_type INTEGER NOT NULL,
  subscription INTEGER NOT NULL, tenant INTEGER NOT NULL, at_ms BIGINT NOT NULL, state SMALLINT NOT NULL,
  reason INTEGER, due_at_ms BIGINT, planned_at_ms BIGINT, replayed_at_ms BIGINT, dead_lettered_at_ms BIGINT,
  changed_at_ms BIGINT NOT NULL, attempts INTEGER NOT NULL, last_status INTEGER, last_error INTEGER
);
CREATE UNIQUE INDEX by_delivery ON deliveries (delivery_id);
CREATE INDEX by_event ON deliveries (event_id);
CREATE INDEX by_time ON deliveries (at_ms{and_row}, state, event_type, subscription, tenant);
CREATE INDEX by_tenant ON deliveries (tenant, at_ms{and_row}, state, event_type, subscription);
CREATE INDEX by_subscription ON deliveries (subscription, at_ms{and_row}, state, event_type, tenant);
CREATE INDEX by_type ON deliveries (event_type, at_ms{and_row}, state, subscription, tenant);
CREATE INDEX undelivered ON deliveries (at_ms{and_row}, state, event_type, subscription, tenant, reason)
  WHERE state <> {delivered};
CREATE TABLE steps (
  delivery BIGINT NOT NULL, at_ms BIGINT NOT NULL, kind SMALLINT NOT NULL, number INTEGER NOT NULL,
  trigger SMALLINT NOT NULL, outcome INTEGER NOT NULL, due_ms BIGINT NOT NULL, reason INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL, status INTEGER NOT NULL, error INTEGER NOT NULL, round_ms BIGINT NOT NULL,
  stage SMALLINT NOT NULL, topic INTEGER, partition INTEGER, position BIGINT,
  event_type INTEGER NOT NULL, subscription INTEGER NOT NULL, tenant INTEGER NOT NULL,
  PRIMARY KEY (delivery, at_ms, kind, number, trigger)
){keyed};
CREATE INDEX attempts_by_time ON steps
  (at_ms, delivery, number, trigger, outcome, status, event_type, subscription, tenant) WHERE kind = {attempt};
CREATE INDEX attempts_by_tenant ON steps
  (tenant, at_ms, delivery, number, trigger, outcome, status, event_type, subscription) WHERE kind = {attempt};
CREATE INDEX attempts_by_subscription ON steps
  (subscription, at_ms, delivery, number, trigger, outcome, status, event_type, tenant) WHERE kind = {attempt};
CREATE INDEX attempts_by_type ON steps
  (event_type, at_ms, delivery, number, trigger, outcome, status, subscription, tenant) WHERE kind = {attempt};
CREATE INDEX attempts_failed ON steps
  (at_ms, delivery, number, trigger, stage, outcome, status, event_type, subscription, tenant)
  WHERE kind = {attempt} AND (stage <> {delivered} OR status NOT BETWEEN 200 AND 299);
CREATE TABLE signals (
  partition INTEGER NOT NULL, position BIGINT NOT NULL, subscription INTEGER NOT NULL, at_ms BIGINT NOT NULL,
  kind SMALLINT NOT NULL, tenant INTEGER NOT NULL, signal TEXT NOT NULL, PRIMARY KEY (partition, position)
){keyed};
CREATE INDEX signals_by_subscription ON signals (subscription, at_ms, kind);
CREATE INDEX signals_by_time ON signals (at_ms, kind, tenant);
CREATE TABLE minutes (
  minute BIGINT NOT NULL, outcome INTEGER NOT NULL, bucket SMALLINT NOT NULL, attempts BIGINT NOT NULL,
  PRIMARY KEY (minute, outcome, bucket)
){keyed};
CREATE TABLE hours (
  hour BIGINT NOT NULL, subscription INTEGER NOT NULL, tenant INTEGER NOT NULL, attempts BIGINT NOT NULL,
  failed BIGINT NOT NULL, duration_ms BIGINT NOT NULL, PRIMARY KEY (hour, subscription, tenant)
){keyed};
CREATE TABLE subscription_minutes (
  minute BIGINT NOT NULL, subscription INTEGER NOT NULL, tenant INTEGER NOT NULL, delivered SMALLINT NOT NULL,
  bucket SMALLINT NOT NULL, attempts BIGINT NOT NULL, duration_ms BIGINT NOT NULL,
  PRIMARY KEY (minute, subscription, tenant, delivered, bucket)
){keyed};
CREATE INDEX minutes_by_subscription ON subscription_minutes (subscription, minute);
"""


def table_statements(words: Mapping[str, str]) -> list[str]:
    """Give the statements that make the tables.

    Args:
        words: SQLITE_WORDS or POSTGRES_WORDS.
    """
    text = _TABLES.format(delivered=DELIVERED, attempt=int(StepKind.ATTEMPT), **words)
    return [statement for statement in map(str.strip, text.split(";")) if statement]
