from __future__ import annotations

from tests.integrations.calcom.conftest import clinic, receiver

__all__ = ["clinic", "receiver"]
