"""The control API's own description: valid, whole, and true of what a run answers."""

import json
from collections.abc import Callable
from typing import Any

import aiohttp
import jsonschema
import pytest
from openapi_spec_validator import validate

from vumeter.link.openapi import STREAM, openapi, operations
from vumeter.model.plan import Plan, Threshold
from vumeter.model.throttle import CommandKind
from vumeter.report.schema import Report
from vumeter.testing.server import LoopbackServer


def test_the_description_is_openapi() -> None:
    validate(openapi(Report))


@pytest.mark.slow
async def test_what_a_run_answers_is_as_described(
    fly: Any, a_plan: Callable[..., Plan], server: LoopbackServer, until: Any, burner: Any
) -> None:
    document = openapi(Report)
    rule = Threshold(metric="http_req_failed", expression="rate < 1%")
    async with fly(a_plan(server.url, thresholds=(rule,))) as flight, await flight.link() as link:
        await flight.do(CommandKind.MARK, note="here")
        await until(link, lambda frame: frame.second >= 1)
        connector = aiohttp.UnixConnector(path=str(flight.folder.socket))
        async with aiohttp.ClientSession("http://run", connector=connector) as session:
            # So that there is a moment to be asked for.
            async with session.post("/spikes") as response:
                assert response.status == 200, await response.text()
            with burner() as target:
                await flight.do(CommandKind.PROFILE, pid=target.pid, value=1.0)
                await until(link, lambda frame: "flame 1" in {it.label for it in frame.events})
            for one in operations(Report):
                if one.path == STREAM:
                    continue
                query = {"id": "1"} if one.path in ("/spike", "/flame") else {}
                body = b'{"kind": "mark", "note": "x"}' if one.path == "/commands" else None
                async with session.request(
                    one.method, one.path, params=query, data=body
                ) as response:
                    text = await response.text()
                described = document["paths"][one.path][one.method]["responses"]["200"]["content"]
                assert response.status == 200, text
                assert response.content_type in described
                if response.content_type == "application/json":
                    schema = described["application/json"]["schema"]
                    jsonschema.validate(
                        json.loads(text), {**schema, "components": document["components"]}
                    )
