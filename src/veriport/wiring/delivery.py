"""The section ``delivery``: how often and for how long messages are tried, in the words of users."""

from __future__ import annotations

from typing import Any

from attrs import Attribute, field, fields, frozen

from veriport.domain.delivery import Policy
from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.suggestions import nearest
from veriport.domain.validators import at_least, seconds

_POLICY = Policy()
_MOST_DAYS = 36_500


def _days(_: object, attribute: Attribute[Any], value: object) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value <= _MOST_DAYS:  # type: ignore[operator]  # it is a number
        limits = f"above 0 and up to {_MOST_DAYS:,}"
        raise ConfigurationError(f"{attribute.name} must be a number of days, {limits}, not {shown(value)}")


@frozen(kw_only=True)
class DeliverySettings:
    """What ``Policy`` is made of, and for how long runs and outcomes are remembered."""

    backoff_seconds: float = field(default=_POLICY.base, validator=seconds)
    backoff_cap_seconds: float = field(default=_POLICY.cap, validator=seconds)
    step_aside_after: int = field(default=_POLICY.patience, validator=at_least(1))
    poison_after: int = field(default=_POLICY.lives, validator=at_least(1))
    down_after: int = field(default=_POLICY.breaker, validator=at_least(1))
    lease_seconds: float = field(default=_POLICY.lease, validator=seconds)
    margin_seconds: float = field(default=_POLICY.margin, validator=seconds)
    keep_days: float = field(default=90.0, validator=_days)

    @property
    def policy(self) -> Policy:
        """The same in the words of the domain."""
        return Policy(
            base=self.backoff_seconds,
            cap=self.backoff_cap_seconds,
            breaker=self.down_after,
            patience=self.step_aside_after,
            lives=self.poison_after,
            lease=self.lease_seconds,
            margin=self.margin_seconds,
        )

    @property
    def fault(self) -> str | None:
        """What does not fit together, or ``None``."""
        if self.backoff_cap_seconds < self.backoff_seconds:
            return "backoff_cap_seconds is less than backoff_seconds"
        if self.lease_seconds <= 2 * self.margin_seconds:
            return "lease_seconds must be more than twice margin_seconds, which are kept free at its end"
        return None


def sound(key: str, value: object) -> dict[str, object]:
    """The setting, if there is such a one and it may have that value; else ``ConfigurationError``."""
    known = [attribute.name for attribute in fields(DeliverySettings)]
    if not key:
        raise ConfigurationError("delivery has keys: write VERIPORT_DELIVERY__BACKOFF_SECONDS, for example")
    if key not in known:
        raise ConfigurationError(f"unknown key {key!r} in delivery{nearest(key, known).hint}")
    DeliverySettings(**{key: value})  # type: ignore[arg-type]  # the class validates
    return {key: value}
