"""Triggers that a test fires itself, profilers that record nothing, and a clock that stands still."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from openprofiling_ipy.model import Profile
from openprofiling_ipy.model.builder import ProfileBuilder
from openprofiling_ipy.model.profile import ValueType
from openprofiling_ipy.profilers.base import Scope, Status
from openprofiling_ipy.triggers.base import Control


@dataclass
class FakeTrigger:
    """Gives its control to the test."""

    name: str = "fake"
    error: Exception | None = None
    control: Control | None = None
    log: list[str] = field(default_factory=list)

    def arm(self, control: Control, /) -> None:
        if self.error is not None:
            raise self.error
        self.control = control
        self.log.append("armed")

    def disarm(self) -> None:
        self.log.append("disarmed")

    def describe(self) -> dict[str, Any]:
        return {"name": self.name}

    @property
    def fire(self) -> Control:
        assert self.control is not None
        return self.control


class FakeRecording:
    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def peek(self) -> Profile:
        return ProfileBuilder([ValueType("samples", "count")]).build(started_at=1, duration=5)

    def stop(self) -> Profile:
        if self.error is not None:
            raise self.error
        return self.peek()

    def status(self) -> Status:
        return Status(5, 1, 1.0, 1.0, 1)


@dataclass(frozen=True)
class FakeProfiler:
    name: str = "fake"
    start_error: Exception | None = None
    stop_error: Exception | None = None
    rate: float = 1.0
    scope: Scope = field(default_factory=Scope)
    budget: float | None = None
    begun: ClassVar[list[FakeProfiler]] = []

    def start(self) -> FakeRecording:
        self.begun.append(self)
        if self.start_error is not None:
            raise self.start_error
        return FakeRecording(self.stop_error)
