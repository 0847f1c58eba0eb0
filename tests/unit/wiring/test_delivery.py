"""The section ``delivery`` of a configuration becomes a policy, and what is wrong in it is placed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from attrs import fields

from veriport.domain.delivery import Policy
from veriport.domain.errors import ConfigurationError
from veriport.wiring.container import Container
from veriport.wiring.delivery import DeliverySettings
from veriport.wiring.settings import Settings, load_settings


def read(folder: Path, section: str, environment: Mapping[str, str] | None = None) -> Settings:
    (folder / "veriport.yaml").write_text(f"delivery:\n{section}\ncheckpoints: []\n")
    return load_settings(folder / "veriport.yaml", environment or {})


def test_the_defaults_are_those_of_the_policy() -> None:
    assert DeliverySettings().policy == Policy()


def test_every_number_of_a_policy_can_be_set(tmp_path: Path) -> None:
    numbers = (10, 20, 3, 4, 5, 60, 7, 8)
    keys = [attribute.name for attribute in fields(DeliverySettings)]
    given = [f"  {key}: {number}" for key, number in zip(keys, numbers, strict=True)]
    settings = read(tmp_path, "\n".join(given)).delivery
    policy = {getattr(settings.policy, attribute.name) for attribute in fields(Policy)}
    assert sorted([*policy, settings.keep_days]) == sorted(numbers)


def test_who_sends_has_the_policy_of_the_file(tmp_path: Path) -> None:
    container = Container(settings=read(tmp_path, "  {backoff_seconds: 7, keep_days: 3}"))
    container.store.override(object())
    container.blobs.override(object())
    for user in (container.deliver(), container.drain_lane(), container.outbox_desk()):
        assert (user.policy.base, user.keep_days) == (7, 3)


def test_the_environment_comes_first(tmp_path: Path) -> None:
    environment = {"VERIPORT_DELIVERY__BACKOFF_SECONDS": "0.5", "VERIPORT_DELIVERY__POISON_AFTER": "2"}
    policy = read(tmp_path, "  {backoff_seconds: 7, step_aside_after: 9}", environment).delivery.policy
    assert (policy.base, policy.lives, policy.patience) == (0.5, 2, 9)


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("  backof_seconds: 1", "2:3: unknown key 'backof_seconds' in delivery; did you mean 'backoff_seconds'?"),
        ("  backoff_seconds: soon", "2:3: backoff_seconds must be a number of seconds"),
        ("  backoff_seconds: 0", "2:3: backoff_seconds must be a number of seconds"),
        ("  poison_after: 1.5", "2:3: poison_after must be a whole number of at least 1"),
        ("  keep_days: 1e9", "2:3: keep_days must be a number of days"),
        ("  {backoff_seconds: 9, backoff_cap_seconds: 8}", "1:1: backoff_cap_seconds is less than"),
        ("  {lease_seconds: 10, margin_seconds: 5}", "1:1: lease_seconds must be more than twice"),
        ("  - 1", "1:1: delivery is a mapping"),
    ],
)  # fmt: skip
def test_what_is_wrong_has_its_line(tmp_path: Path, section: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        read(tmp_path, section)
    assert str(wrong.value).removeprefix(f"{tmp_path}/veriport.yaml:").startswith(told)


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("VERIPORT_DELIVERY__POISON_AFTER", "poison_after must be a whole number"),
        ("VERIPORT_DELIVERY__POISON", "unknown key 'poison' in delivery; did you mean 'poison_after'?"),
        ("VERIPORT_DELIVERY", "delivery has keys: write VERIPORT_DELIVERY__BACKOFF_SECONDS"),
    ],
)  # fmt: skip
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        read(tmp_path, "  {}", {variable: "x"})
    assert str(wrong.value).startswith(f"{variable}: {told}")
