"""What `--against` names: a folder, a commit, or the schema registry."""

from gateway.admin.published_catalog import read_published
from gateway.admin.registered_versions import read_registered
from gateway.domain.subjects import SubjectNaming
from gateway.kafka.registry_client import RegistryClient
from gateway.services.deployment import Deployment
from gateway.settings import Settings
from gateway.wire.catalog_check import PublishedCatalog
from gateway.wire.schema_files import schemas_root

REGISTRY = "registry"


def published_catalog(against: str, settings: Settings) -> PublishedCatalog:
    """Read a published catalog; see `read_published` and `read_registered` for the errors.

    Args:
        against: `registry`, or a folder or commit; a folder of that name is `./registry`.
        settings: the catalog that it is compared with, and the registry.
    """
    catalog_dir = settings.catalog_dir or schemas_root() / "events"
    if against != REGISTRY:
        return read_published(against, catalog_dir)
    with RegistryClient(Deployment(settings).schema_registry()) as client:
        return read_registered(client, catalog_dir, SubjectNaming(settings.schema_registry_subjects))
