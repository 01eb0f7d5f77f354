"""The words that a script of the page shows."""

import json
from typing import Final

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

#: What could end the element that holds the text.
_ESCAPES: Final = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


@register.simple_tag
def json_of(**texts: str) -> SafeString:
    """`texts` as a JSON object, for an element of type application/json."""
    return mark_safe(json.dumps(texts).translate(_ESCAPES))  # noqa: S308  # escaped as json_script does
