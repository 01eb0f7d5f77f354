"""Sizes as the docker client writes them."""

from typing import Final

from django import template

register = template.Library()

_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")


@register.filter
def size(count: int) -> str:
    """`88300000` as `88.3 MB`: in powers of 1000 and three digits, unlike Django's own filter."""
    amount, unit = float(count), 0
    while amount >= 999.5 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.3g} {_UNITS[unit]}"
