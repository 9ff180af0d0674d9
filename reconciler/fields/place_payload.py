"""The create payloads of networks and volumes, made from the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.fields import compose_labels, ownership
from reconciler.fields.payload import labels
from reconciler.fields.places import NETWORK, VOLUME, PlaceField, T

if TYPE_CHECKING:
    from reconciler.fields.base import Payload
    from reconciler.spec.model import Network, Spec, Volume


def network_payload(spec: Spec, key: str, network: Network) -> Payload:
    """The body of the create call of a network."""
    bears = compose_labels.of_network(spec, key), labels(spec.name, key)
    return {"CheckDuplicate": True, **_payload(NETWORK, network, spec.network_name(key), *bears)}


def volume_payload(spec: Spec, key: str, volume: Volume) -> Payload:
    """The body of the create call of a volume."""
    return _payload(VOLUME, volume, spec.volume_name(key), compose_labels.of_volume(spec, key), labels(spec.name, key))


def _payload(
    table: Sequence[PlaceField[T]], place: T, name: str, of_compose: Mapping[str, str], own: Mapping[str, str]
) -> Payload:
    payload: Payload = {"Name": name}
    declared: list[str] = []
    for row in table:
        if given := row.declared(place):
            row.write(payload, row.wanted(place))
            declared += given
    recorded = {ownership.DECLARED: ownership.write_json(sorted(declared))} if declared else {}
    payload["Labels"] = {**of_compose, **payload.get("Labels", {}), **own, **recorded}
    return payload


def network_as_it_is(report: Mapping[str, Any]) -> Payload:
    """The body of the create call that would make a network again as the Engine reports it."""
    copied = ("Name", "Driver", "EnableIPv4", "EnableIPv6", "IPAM", "Internal", "Attachable", "Options", "Labels")
    return {"CheckDuplicate": True, **{name: report[name] for name in copied if report.get(name) is not None}}
