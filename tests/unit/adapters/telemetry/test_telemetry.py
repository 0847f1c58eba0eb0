"""Telemetry records, never raises and never changes what it observes."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from veriport.adapters.telemetry.log import LogTelemetry
from veriport.adapters.telemetry.memory import MemoryTelemetry, Recorded
from veriport.adapters.telemetry.none import NoTelemetry
from veriport.ports.telemetry import Telemetry


def log_telemetry() -> Telemetry:
    """One whose lines are all written, to nowhere."""
    logger = logging.Logger("test", logging.DEBUG)  # noqa: LOG001  # one that nobody else can find
    logger.addHandler(logging.NullHandler())
    return LogTelemetry(logger)


KINDS: tuple[Callable[[], Telemetry], ...] = (NoTelemetry, log_telemetry, MemoryTelemetry)


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"a": 1, "b": None, "c": True, "d": 0.5},
        {"event": "b", "level": "c", "timestamp": "d"},
        {"a b": 1},
        {"": ""},
    ],
)
def test_an_event_raises_nothing(make: Callable[[], Telemetry], attributes: dict[str, str | int]) -> None:
    make().event("run.finished", **attributes)


@pytest.mark.parametrize("make", KINDS)
def test_an_attribute_that_cannot_be_written_raises_nothing(make: Callable[[], Telemetry]) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

        __repr__ = __str__

    make().event("run.finished", broken=Broken())  # type: ignore[arg-type]  # a caller that does not check
    with make().span("run", broken=Broken()):  # type: ignore[arg-type]
        pass


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_an_exception_passes_through_a_span(
    make: Callable[[], Telemetry], error: type[BaseException]
) -> None:
    raised = error("mine")

    def work() -> None:
        with make().span("run"):
            raise raised

    with pytest.raises(error) as caught:
        work()
    assert caught.value is raised


class TestMemoryTelemetry:
    def test_events_are_kept(self) -> None:
        telemetry = MemoryTelemetry()
        telemetry.event("run.finished", run="1")
        assert telemetry.events == [Recorded("run.finished", {"run": "1"})]

    def test_spans_are_kept_when_they_end(self) -> None:
        telemetry = MemoryTelemetry()
        with telemetry.span("run", run="1"), telemetry.span("check"):
            assert telemetry.spans == []
        assert telemetry.spans == [Recorded("check"), Recorded("run", {"run": "1"})]

    def test_a_span_knows_how_it_ended(self) -> None:
        telemetry = MemoryTelemetry()
        with pytest.raises(ValueError, match="mine"), telemetry.span("run"):
            raise ValueError("mine")
        assert telemetry.spans == [Recorded("run", error="ValueError")]


class TestLogTelemetry:
    @pytest.fixture
    def lines(self) -> list[str]:
        return []

    @pytest.fixture
    def logger(self, lines: list[str]) -> logging.Logger:
        """A logger whose lines a test can read."""

        class Keep(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                lines.append(record.getMessage())

        logger = logging.Logger("test", logging.INFO)  # noqa: LOG001  # one that nobody else can find
        logger.addHandler(Keep())
        return logger

    def test_an_event_is_a_line(self, logger: logging.Logger, lines: list[str]) -> None:
        LogTelemetry(logger).event("run.finished", run="a b", rows=3, ok=False)
        (line,) = lines
        assert line.startswith("timestamp=20")
        assert line.endswith('level=info event=run.finished run="a b" rows=3 ok=false')

    def test_a_span_is_a_line_with_its_seconds(self, logger: logging.Logger, lines: list[str]) -> None:
        with LogTelemetry(logger).span("run", run="1"):
            assert lines == []
        assert "level=info event=run run=1 seconds=" in lines[0]

    def test_a_broken_span_is_a_warning_with_the_error(
        self, logger: logging.Logger, lines: list[str]
    ) -> None:
        with pytest.raises(ValueError, match="secret"), LogTelemetry(logger).span("run"):
            raise ValueError("secret")
        assert "level=warning event=run error=ValueError seconds=" in lines[0]
        assert "secret" not in lines[0]

    @pytest.mark.parametrize("text", ["a\nevent=forged", "a\x1b[31m", "a\r", "\u202ea", '" event=forged'])
    def test_no_attribute_can_forge_a_line(self, logger: logging.Logger, lines: list[str], text: str) -> None:
        LogTelemetry(logger).event("run.finished", run=text)
        assert len(lines) == 1
        assert lines[0].isprintable()
        assert not lines[0].endswith(" event=forged")

    def test_the_level_of_the_logger_holds(self, logger: logging.Logger, lines: list[str]) -> None:
        logger.setLevel(logging.WARNING)
        LogTelemetry(logger).event("run.finished")
        assert lines == []
