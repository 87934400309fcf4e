"""Every adapter and every HR source in the house. To add one, import it and name it here."""

from adapters.contract import Adapter
from adapters.hr.contract import HrSource

ADAPTERS: dict[str, type[Adapter]] = {}

HR_SOURCES: dict[str, type[HrSource]] = {}
