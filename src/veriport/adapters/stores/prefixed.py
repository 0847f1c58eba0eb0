"""A part of a store as a store of its own: the records whose keys begin with a prefix."""

from __future__ import annotations

from attrs import Attribute, evolve, field, frozen

from veriport.adapters.stores.wrapping import Translator
from veriport.domain.errors import ConfigurationError
from veriport.domain.records import MAX_KEY, Change, Record, key_fault
from veriport.ports.errors import PermanentError


def _check_prefix(_: PrefixedStateStore, __: Attribute[str], prefix: str) -> None:
    if not prefix.endswith("/"):
        raise ConfigurationError(f"{prefix!r} is no prefix of a part of a store: it does not end with '/'")
    if fault := key_fault(f"{prefix}."):
        raise ConfigurationError(f"no key can follow the prefix: {fault}")


@frozen(eq=False)
class PrefixedStateStore(Translator):
    """The records of ``inner`` whose keys begin with ``prefix``, which ends with ``/``, without it.

    A key may be as much shorter as the prefix is long. Queues belong to all of ``inner``: what is put here
    stands in them under its whole key, and is claimed there.
    """

    prefix: str = field(validator=_check_prefix)

    def inner_text(self, text: str) -> str:
        """See ``Translator``."""
        return self.prefix + text

    def inner_key(self, key: str) -> str:
        """See ``Translator``."""
        whole = super().inner_key(key)
        if (over := len(whole.encode()) - MAX_KEY) > 0:
            raise PermanentError(f"{key[:40]!r} is no key after {self.prefix!r}: it is {over} bytes too long")
        return whole

    def outer_key(self, key: str) -> str:
        """See ``Translator``."""
        return key.removeprefix(self.prefix)

    def inward(self, change: Change) -> Change:
        """See ``Translator``."""
        return evolve(change, key=self.inner_key(change.key))

    def outward(self, record: Record) -> Record:
        """See ``Translator``."""
        return evolve(record, key=self.outer_key(record.key))
