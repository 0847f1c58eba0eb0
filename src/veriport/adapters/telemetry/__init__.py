"""Telemetry: what happened, for logs, metrics and traces."""
