"""What is wanted: frozen values in the Compose vocabulary. Every attribute of a spec stands here, once."""

from reconciler.spec.model.container import DEFAULT_NETWORK, Container
from reconciler.spec.model.network import Endpoint, Network, Port
from reconciler.spec.model.project import Image, Spec
from reconciler.spec.model.runtime import Restart, State
from reconciler.spec.model.storage import Mount, Volume

__all__ = [
    "DEFAULT_NETWORK",
    "Container",
    "Endpoint",
    "Image",
    "Mount",
    "Network",
    "Port",
    "Restart",
    "Spec",
    "State",
    "Volume",
]
