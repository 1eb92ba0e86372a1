"""allauth's forms in our words, and the one it does not have."""

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.core.validators import MaxLengthValidator

from apps.accounts.models import User

_LABELS = {
    "login": "E-mail address",
    "email": "E-mail address",
    "oldpassword": "Current password",
    "password": "Password",
    "password1": "Password",
    "password2": "The same again",
}
_PASSWORD_HINT = "At least 8 characters, and not one of the common ones."


class _InOurWords(forms.Form):
    """Plain labels, one short hint instead of a list of rules, no placeholders that repeat the label."""

    labels: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = {**_LABELS, **self.labels}.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            if isinstance(field, forms.EmailField):
                field.validators.append(MaxLengthValidator(User._meta.get_field("email").max_length or 254))
        if "password1" in self.fields:
            self.fields["password1"].help_text = _PASSWORD_HINT


class SignInForm(_InOurWords, allauth_forms.LoginForm):
    pass


class SignUpForm(_InOurWords, allauth_forms.SignupForm):
    pass


class AddEmailForm(_InOurWords, allauth_forms.AddEmailForm):
    labels = {"email": "New e-mail address"}


class ChangePasswordForm(_InOurWords, allauth_forms.ChangePasswordForm):
    labels = {"password1": "New password"}


class SetPasswordForm(_InOurWords, allauth_forms.SetPasswordForm):
    labels = {"password1": "New password"}


class ResetPasswordForm(_InOurWords, allauth_forms.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(_InOurWords, allauth_forms.ResetPasswordKeyForm):
    labels = {"password1": "New password"}


class DeleteAccountForm(forms.Form):
    """Asks for the password, so that an unlocked screen is not enough to lose everything."""

    password = forms.CharField(
        label="Your password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
        max_length=4096,
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError("That is not your password.")
        return password
