"""What is wanted: frozen values in the Compose vocabulary. Every attribute of a spec stands here, once."""

from reconciler.spec.model.build import Build
from reconciler.spec.model.container import DEFAULT_NETWORK, Container
from reconciler.spec.model.files import Config, Grant, Secret
from reconciler.spec.model.image import Image
from reconciler.spec.model.lifecycle import Dependency, Drift, Hook, Update
from reconciler.spec.model.network import Endpoint, Ipam, Network, Pool, Port
from reconciler.spec.model.project import Spec
from reconciler.spec.model.runtime import Restart, State
from reconciler.spec.model.settings import Settings
from reconciler.spec.model.storage import Mount, Volume

__all__ = [
    "DEFAULT_NETWORK",
    "Build",
    "Config",
    "Container",
    "Dependency",
    "Drift",
    "Endpoint",
    "Grant",
    "Hook",
    "Image",
    "Ipam",
    "Mount",
    "Network",
    "Pool",
    "Port",
    "Restart",
    "Secret",
    "Settings",
    "Spec",
    "State",
    "Update",
    "Volume",
]
