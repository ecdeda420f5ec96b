"""In whose name a command acts: the actor and the command's own name, for the audit trail."""

import click

from gateway.services.audit import Actor
from gateway.services.deployment import Deployment


def acting(deployment: Deployment) -> Actor:
    """Tell who runs the command that is running, and which one it is."""
    return Actor(deployment.actor(), click.get_current_context().command_path)
