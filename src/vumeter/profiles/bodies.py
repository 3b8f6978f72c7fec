"""The bodies of requests, in whichever way a profile writes them."""

import base64
import binascii
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from vumeter.profiles.lines import KeyPath
from vumeter.profiles.multipart import Part, multipart_body, type_of
from vumeter.profiles.problems import Problems, quoted
from vumeter.profiles.steps import PartTable, RequestTable
from vumeter.profiles.targets import form_body

LARGEST_BODY_BYTES = 16 * 1024 * 1024

_BODIES = ("json_body", "form", "multipart", "body", "body_base64", "body_file")
_CONTENTS = ("value", "value_base64", "file")
_TYPE = re.compile(r"[!-~]+/[ -~]*[!-~]")


def body_of(
    table: RequestTable, at: KeyPath, *, folder: Path, problems: Problems
) -> tuple[bytes | None, str]:
    """Return the body, and the Content-Type that it has unless another one is given."""
    given = [key for key in _BODIES if getattr(table, key) is not None]
    if len(given) > 1:
        keys = " and ".join(given[:2]).replace("json_body", "json")
        problems.add(at, f"{keys}: one request has one body.", hint="Keep one.")
        return None, ""
    if table.json_body is not None:
        # Dates of TOML are written as ISO 8601, and infinities as null.
        return msgspec.json.encode(table.json_body), "application/json"
    if table.form is not None:
        form = {name: list(values) for name, values in table.form.items()}
        return form_body(form).encode(), "application/x-www-form-urlencoded"
    maker = _Maker(folder, problems)
    if table.multipart is not None:
        return maker.multipart(table.multipart, (*at, "multipart"))
    return maker.content(
        text=table.body,
        text_base64=(table.body_base64, (*at, "body_base64")),
        file=(table.body_file, (*at, "body_file")),
    ), ""


class _Maker:
    """Makes bytes, and notes why it cannot."""

    def __init__(self, folder: Path, problems: Problems) -> None:
        self._folder = folder
        self._problems = problems

    def content(
        self,
        *,
        text: str | None,
        text_base64: tuple[str | None, KeyPath],
        file: tuple[str | None, KeyPath],
    ) -> bytes | None:
        """Return what is given as text, in base64 or as a file; `None`: nothing is."""
        encoded, encoded_at = text_base64
        name, file_at = file
        if text is not None:
            return text.encode()
        if encoded is not None:
            return self._decoded(encoded, encoded_at)
        return None if name is None else self._from_file(name, file_at)

    def multipart(self, fields: dict[str, list[PartTable]], at: KeyPath) -> tuple[bytes, str]:
        """Return a form with files in it, and its Content-Type."""
        if not fields:
            self._problems.add(at, "is empty.", hint='Write { name = "value" }.')
        body, content_type = multipart_body(list(self._parts(fields, at)))
        if len(body) > LARGEST_BODY_BYTES:
            self._problems.add(at, "is larger than 16 MiB.")
        return body, content_type

    def _parts(self, fields: dict[str, list[PartTable]], at: KeyPath) -> Iterator[Part]:
        for name, tables in fields.items():
            for index, table in enumerate(tables):
                # A part alone need not be written as a list, and is mostly not.
                yield self._part(name, table, (*at, name, index) if index else (*at, name))

    def _part(self, name: str, table: PartTable, at: KeyPath) -> Part:
        if len([key for key in _CONTENTS if getattr(table, key) is not None]) != 1:
            self._problems.add(
                at,
                "has one of value, value_base64 and file.",
                hint='Write { file = "photo.png" }, or "text".',
            )
        content = self.content(
            text=table.value,
            text_base64=(table.value_base64, (*at, "value_base64")),
            file=(table.file, (*at, "file")),
        )
        filename, content_type = table.filename, table.content_type
        if table.file is not None:
            filename = Path(table.file).name if filename is None else filename
            content_type = content_type or type_of(filename)
        for text in (name, filename or "", content_type or ""):
            if "{{" in text:
                self._problems.add(
                    at,
                    "{{…}} is filled in within values alone.",
                    hint="Names and types of parts are as they are written.",
                )
        if content_type is not None and not _TYPE.fullmatch(content_type):
            self._problems.add(
                (*at, "content_type"),
                f"{quoted(content_type)} is not a type.",
                hint='Write for example "image/png".',
            )
        return Part(name, content or b"", filename, content_type)

    def _decoded(self, text: str, at: KeyPath) -> bytes:
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            self._problems.add(at, f"is not base64: {error}.")
            return b""

    def _from_file(self, name: str, at: KeyPath) -> bytes:
        path = self._folder / name
        try:
            if path.stat().st_size > LARGEST_BODY_BYTES:
                self._problems.add(at, f"{quoted(name)} is larger than 16 MiB.")
                return b""
            return path.read_bytes()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self._problems.add(
                at,
                f"{quoted(name)} cannot be read: {reason}.",
                hint=f"It is looked for at {path}.",
            )
            return b""
