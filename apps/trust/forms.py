"""What people without an account may fill in."""

import re
from typing import Any

from django import forms

from apps.trust.models import Report

_RENDER_ID = re.compile(r"[0-9a-f]{12}")


class ReportForm(forms.ModelForm):
    """A report of something that should not be here."""

    is_true = forms.BooleanField(
        label="What I say here is true to the best of my knowledge.",
        error_messages={"required": "Please confirm that what you say is true."},
    )
    # People never see this field; programs that fill in everything give themselves away.
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))

    class Meta:
        model = Report
        fields = ["kind", "places", "details", "name", "email", "render_id"]
        labels = {
            "kind": "What is wrong?",
            "places": "Where is it?",
            "details": "What should we know?",
            "name": "Your name",
            "email": "Your e-mail address",
        }
        help_texts = {
            "places": "Links to the video, or where you saw it. One per line.",
            "details": "Who is shown, and how you know. You need not send any picture.",
            "email": "We write to you once now, and once when it is decided.",
        }
        widgets = {
            "kind": forms.Select,
            "places": forms.Textarea(attrs={"rows": 3}),
            "details": forms.Textarea(attrs={"rows": 4}),
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "render_id": forms.HiddenInput,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "Choose what fits best"), *Report.Kind.choices]

    def clean_render_id(self) -> str:
        told = str(self.cleaned_data["render_id"]).lower()
        return told if _RENDER_ID.fullmatch(told) else ""

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError("Leave this field empty.")
        return ""

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        for name in ("places", "details", "name"):
            if "\x00" in str(facts.get(name, "")):
                self.add_error(name, "There is a character in it that cannot be stored.")
        return facts

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}
