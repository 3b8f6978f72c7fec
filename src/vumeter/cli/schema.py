"""`vumeter schema`: the JSON schema of profiles, for editors."""

import sys


def schema() -> None:
    """Print the JSON schema of profiles: with it, an editor completes and checks them."""
    from vumeter.profiles.reference import json_schema

    sys.stdout.write(json_schema())
