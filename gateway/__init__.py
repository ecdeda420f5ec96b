"""Webhook streaming gateway: Avro events from Kafka, delivered as signed webhooks."""

__version__ = "0.1.0"
