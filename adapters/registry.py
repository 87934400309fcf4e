"""Every adapter and every HR source in the house. To add one, import it and name it here."""

from adapters.contract import Adapter
from adapters.hr.bamboohr import BambooHr
from adapters.hr.contract import HrSource
from adapters.hr.standard_webhooks import StandardWebhooks
from adapters.systems.datadog import Datadog
from adapters.systems.entra import Entra
from adapters.systems.exchange import Exchange
from adapters.systems.manual import Manual
from adapters.systems.scim import Scim

ADAPTERS: dict[str, type[Adapter]] = {
    "datadog": Datadog,
    "entra": Entra,
    "exchange": Exchange,
    "manual": Manual,
    "scim": Scim,
}

HR_SOURCES: dict[str, type[HrSource]] = {
    "bamboohr": BambooHr,
    "standard_webhooks": StandardWebhooks,
}
