"""Every route of the API, in the order in which it is told."""

from gateway.console.api.attempts import AttemptsApi
from gateway.console.api.auditing import AuditingApi
from gateway.console.api.catalog import CatalogApi
from gateway.console.api.dead_letters import DeadLettersApi
from gateway.console.api.deliveries import DeliveriesApi
from gateway.console.api.explaining import ExplainingApi
from gateway.console.api.finding import FindingApi
from gateway.console.api.health import HealthApi
from gateway.console.api.looking import LookingApi
from gateway.console.api.parts import Parts
from gateway.console.api.past import PastApi
from gateway.console.api.portal import PortalApi
from gateway.console.api.purging import PurgingApi
from gateway.console.api.recent_hours import RecentHoursApi
from gateway.console.api.replays import ReplaysApi
from gateway.console.api.routes import Route
from gateway.console.api.sending import SendingApi
from gateway.console.api.sessions import SessionsApi
from gateway.console.api.subscriptions import SubscriptionsApi
from gateway.console.api.tailing import TailingApi
from gateway.console.api.tokens import TokensApi
from gateway.console.api.trying import TryingApi
from gateway.console.api.versions import VersionsApi


def all_routes(parts: Parts) -> list[Route]:
    """List the routes of a console.

    Args:
        parts: what its handlers work with.
    """
    apis = (
        DeliveriesApi(parts),
        AttemptsApi(parts),
        DeadLettersApi(parts),
        PurgingApi(parts),
        ReplaysApi(parts),
        SubscriptionsApi(parts),
        HealthApi(parts),
        TryingApi(parts),
        SendingApi(parts),
        TailingApi(parts),
        CatalogApi(parts),
        VersionsApi(parts),
        ExplainingApi(parts),
        PastApi(parts),
        LookingApi(parts),
        FindingApi(parts),
        SessionsApi(parts),
        PortalApi(parts),
        RecentHoursApi(parts),
        AuditingApi(parts),
        TokensApi(parts),
    )
    return [route for api in apis for route in api.routes()]
