"""Numbers of credits in templates."""

from django import template

register = template.Library()


@register.filter
def minus(number: str) -> str:
    """A number with a real minus sign, as wide as a plus."""
    return str(number).replace("-", "−", 1)
