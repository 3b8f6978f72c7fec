"""What may stand in `{{…}}`: variables of a scenario, columns of feeders, generated values."""

import re
from collections.abc import Iterable

from vumeter.model.flow import Request
from vumeter.model.plan import Feeder
from vumeter.profiles.lines import KeyPath
from vumeter.profiles.problems import Problems, suggestion
from vumeter.profiles.targets import EXPRESSION

_GENERATED = re.compile(r"$^")


def check_expressions(
    uses: Iterable[tuple[KeyPath, str]],
    *,
    requests: Iterable[Request],
    feeders: Iterable[Feeder],
    problems: Problems,
) -> None:
    """Note every expression in *uses* that no request extracts and nothing else gives."""
    variables = {each.variable for request in requests for each in request.extract}
    columns = {f"{feeder.name}.{column}" for feeder in feeders for column in feeder.columns}
    whole = {feeder.name for feeder in feeders if feeder.columns}
    for at, text in uses:
        for expression in dict.fromkeys(EXPRESSION.findall(text)):
            name, dot, column = expression.partition(".")
            if expression in variables | columns or _GENERATED.fullmatch(expression):
                continue
            if dot and name in whole:
                near = suggestion(expression, sorted(columns))
                message = f'{{{{{expression}}}}}: feeder {name} has no column "{column}".'
            else:
                near = suggestion(expression, sorted(variables | columns))
                message = f"{{{{{expression}}}}} is nothing that this scenario knows."
            problems.add(
                at,
                message,
                hint=near
                or "Extract it from an answer before, or take it from a feeder's column:"
                " {{users.name}}.",
            )
