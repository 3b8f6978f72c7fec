"""Profiles as files, and what comes of them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from vumeter.cli.profiled import variables_in
from vumeter.errors import ProfileError
from vumeter.model.plan import Plan
from vumeter.profiles.loading import load

Loaded = Callable[..., Plan]
Complaint = Callable[..., str]


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Load a profile from its text."""

    def from_text(
        text: str,
        *,
        variables: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        time_scale: float = 1.0,
    ) -> Plan:
        path = tmp_path / "p.toml"
        path.write_text(text, "utf-8")
        return load(
            path,
            variables=variables or {},
            environment=environment or {},
            variables_in=variables_in,
            time_scale=time_scale,
        )

    return from_text


@pytest.fixture
def complaint(loaded: Loaded, tmp_path: Path) -> Complaint:
    """Return what is said of a profile that is wrong, with its path as "p.toml"."""

    def of_text(text: str, **given: Mapping[str, str]) -> str:
        with pytest.raises(ProfileError) as refused:
            loaded(text, **given)
        assert refused.value.exit_code == 104
        return str(refused.value).replace(f"{tmp_path}/", "")

    return of_text
