"""[[alerts]] of a profile: the table, and the alerts of a plan that it stands for."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace
from pydantic import Field, model_validator

from vumeter.errors import ProfileError
from vumeter.model.alert import USUAL_CLEAR_AFTER_S, Alert, AlertLevel
from vumeter.profiles.lines import KeyPath
from vumeter.profiles.problems import Problems, quoted
from vumeter.profiles.quantities import Duration, Share
from vumeter.profiles.steps import Table, or_text
from vumeter.thresholds.alerts import LONGEST_NAME, alert_of
from vumeter.thresholds.presets import PRESETS, Preset

_OF_ONE = ("name", "until", "margin", "clear_after")
"""What is said of one alert, and not of a set of them."""


class AlertTable(Table):
    """
    What must not be: it fires while its rule is true, where a threshold says what must be.
    A string is short for `when`, or for `preset`.
    """

    preset: Preset | None = Field(
        None, description="A ready-made set of alerts; `vumeter check` shows them."
    )
    when: str | None = Field(
        None,
        min_length=1,
        description="Metric, and what must not be true of it.",
        examples=["http_req_duration: p(95) > 400ms over 10s for 5s"],
    )
    name: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_NAME,
        description="On screens and in reports; default: the rule in short.",
    )
    level: AlertLevel | None = Field(
        None, description="How urgent; default: `warning`, or as the preset has it."
    )
    until: str | None = Field(
        None,
        min_length=1,
        description="What clears it, of the same metric; default: the opposite of `when`.",
        examples=["p(95) < 300ms over 10s"],
    )
    margin: Share | None = Field(
        None, description="Without `until`: clears when better than the limit by so much of it."
    )
    clear_after: Duration = Field(
        USUAL_CLEAR_AFTER_S, description="How long it must be well before it clears."
    )
    bell: bool | None = Field(
        None, description="Ring viewers' terminals when it fires; default: unless it is `info`."
    )
    command: list[str] | None = Field(
        None,
        min_length=1,
        description="Program and arguments, run without a shell when it fires and when it clears.",
        examples=[["notify-send", "vumeter"]],
    )
    webhook: str | None = Field(
        None, description="URL that is told by POST when it fires and when it clears; a secret."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return {"preset" if value.strip().isidentifier() else "when": value}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        return or_text(handler(core))


def alerts_of(
    tables: Sequence[AlertTable], *, folder: Path, problems: Problems
) -> list[tuple[KeyPath, Alert]]:
    """Return each alert with its table's place; what is wrong with one is in *problems*."""
    found: list[tuple[KeyPath, Alert]] = []
    for index, table in enumerate(tables):
        at: KeyPath = ("alerts", index)
        command = _command(table.command, (*at, "command"), folder=folder, problems=problems)
        _check_webhook(table.webhook, (*at, "webhook"), problems)
        for alert in _described(table, at, problems):
            level = table.level or alert.level
            bell = level is not AlertLevel.INFO if table.bell is None else table.bell
            actions = {"level": level, "bell": bell, "command": command, "webhook": table.webhook}
            found.append((at, replace(alert, **actions)))
    names: set[str] = set()
    for at, alert in found:
        if alert.name in names:
            problems.add(
                at,
                f"there is another alert {quoted(alert.name)}.",
                hint="Give one of them another name.",
            )
        names.add(alert.name)
    return found


def _described(table: AlertTable, at: KeyPath, problems: Problems) -> tuple[Alert, ...]:
    if (table.preset is None) == (table.when is None):
        problems.add(
            at,
            "says nothing." if table.when is None else "has a rule, and names a preset as well.",
            hint='Write when = "host.cpu: > 80% for 10s", or preset = "usual".',
        )
        return ()
    if table.preset is not None:
        for key in _OF_ONE:
            if key in table.model_fields_set:
                problems.add(
                    (*at, key), f"each alert of preset {quoted(table.preset)} has its own."
                )
        return PRESETS[table.preset]
    try:
        alert = alert_of(table.when or "")
    except ProfileError as error:
        problems.add((*at, "when"), error.message, hint=error.hint)
        return ()
    return (
        replace(
            alert,
            name=table.name or alert.name,
            until=table.until,
            margin_ratio=table.margin or 0.0,
            clear_after_s=table.clear_after,
        ),
    )


def _command(
    words: list[str] | None, at: KeyPath, *, folder: Path, problems: Problems
) -> tuple[str, ...]:
    """Return program and arguments; a program with a slash in it is relative to the profile."""
    if not words:
        return ()
    if "\0" in "".join(words):
        problems.add(at, "has a NUL in it, which no program can be given.")
        return ()
    program = str((folder / words[0]).absolute()) if "/" in words[0] else words[0]
    # Better known now than at three in the morning.
    if shutil.which(program) is None:
        problems.add(
            at,
            f"there is no program {quoted(words[0])}.",
            hint=f"It is looked for at {program}, and has to be executable."
            if "/" in program
            else 'It is looked for in PATH; a shell is asked for by ["sh", "-c", "…"].',
        )
    return (program, *words[1:])


def _check_webhook(url: str | None, at: KeyPath, problems: Problems) -> None:
    if url is None:
        return
    try:
        parts = urlsplit(url)
        is_sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound or any(sign.isspace() or not sign.isprintable() for sign in url):
        # Not quoted: it may be a secret with a typing error in it.
        problems.add(
            at, "is not a URL.", hint='Write for example "https://hooks.example/services/T0/B0".'
        )
