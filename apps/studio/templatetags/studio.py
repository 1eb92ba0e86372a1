"""What the templates need beyond Django's own tags."""

import functools
import math

from django import forms, template
from django.forms import BoundField
from django.template.defaultfilters import filesizeformat
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@functools.lru_cache(maxsize=512)  # a library page asks a hundred times
def icon(name: str, css_class: str = "") -> SafeString:
    """An icon of the sprite, as decoration: the text beside it, or the control's label, says what it means."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css_class,
        static("img/icons.svg"),
        name,
    )


@register.filter
def clock_time(seconds: float | None) -> str:
    """Seconds as a player shows them: 0:07, 1:32."""
    if seconds is None:
        return "–"
    whole_s = max(0, math.floor(seconds + 0.05))  # 2.96 s are three seconds to everybody
    return f"{whole_s // 60}:{whole_s % 60:02d}"


@register.filter
def round_size(size_bytes: int) -> str:
    """A size in words, without a naught behind the point: 250 MB, 1.5 GB."""
    return filesizeformat(size_bytes).replace(".0", "")


@register.filter
def is_checkbox(field: BoundField) -> bool:
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def styled(field: BoundField) -> SafeString:
    """The field's control in the design system's clothes, with its help and errors announced."""
    widget = field.field.widget
    kinds = {forms.CheckboxInput: "checkbox", forms.Select: "select", forms.Textarea: "textarea"}
    css_class = next((name for kind, name in kinds.items() if isinstance(widget, kind)), "input")
    attributes = {"class": css_class}
    if field.errors:
        attributes |= {"aria-invalid": "true", "aria-describedby": f"{field.id_for_label}_error"}
    elif field.help_text:
        attributes["aria-describedby"] = f"{field.id_for_label}_helptext"
    if isinstance(widget, forms.TextInput | forms.PasswordInput | forms.EmailInput):
        attributes["placeholder"] = ""  # the label says it; a placeholder repeats it more faintly
    return field.as_widget(attrs=attributes)
