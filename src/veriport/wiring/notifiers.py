"""From the settings of an action to the notifier that carries it out."""

from __future__ import annotations

from veriport.domain.checkpoints import Action, Callback, StoreResult, Webhook
from veriport.domain.errors import ConfigurationError
from veriport.ports.notifiers import Notifier
from veriport.wiring import catalog


def build_notifier(action: Action) -> Notifier:
    """The notifier of an action; building one opens nothing.

    Raises ``ConfigurationError`` for settings that no run could carry out, so that building is also how
    they are checked.
    """
    notifier: Notifier
    match action:
        case StoreResult():
            if "://" in action.store_path:
                scheme = action.store_path.partition("://")[0]
                raise ConfigurationError(f"store_path must be a folder, not {scheme}://")
            blobs = catalog.build("blobs", "file", root=action.store_path)
            notifier = catalog.build("notifiers", action.kind, blobs=blobs, partition_by=action.partition_by)
        case Webhook():
            notifier = catalog.build(
                "notifiers",
                action.kind,
                url=action.url,
                method=action.method,
                headers=dict(action.headers),
                include_full_result=action.include_full_result,
                allow_hosts=action.allow_hosts,
            )
        case Callback():
            notifier = catalog.build("notifiers", action.kind, callback=action.callback)
        case _:
            raise ConfigurationError(f"nothing carries out the action {action.kind!r}")
    return notifier
