"""The pixel: an event in the query of an image, from where no script runs (emails)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from core.errors import BadRequest
from serving.http.bodies import parse_object

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""1×1, transparent."""


def read_pixel(query: Mapping[str, str]) -> dict[str, Any]:
    """The message: `data` is base64 of JSON, in the plain or the url-safe alphabet, padded or not.

    Without `data` the query itself is the message: `properties.subject=Hi&userId=7`. BadRequest
    when neither can be read.
    """
    if "data" not in query:
        return _nest(query)
    told = query["data"].replace("-", "+").replace("_", "/").replace(" ", "+").rstrip("=")
    try:
        body = base64.b64decode(told + "=" * (-len(told) % 4), validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise BadRequest(f"the pixel's data is no base64: {wrong}") from wrong
    return parse_object(body)


def _nest(query: Mapping[str, str]) -> dict[str, Any]:
    message: dict[str, Any] = {}
    for path, value in query.items():
        holder = message
        *above, last = path.split(".")
        for name in above:
            inner = holder.setdefault(name, {})
            holder = inner if isinstance(inner, dict) else {}
        holder[last] = value
    return message
