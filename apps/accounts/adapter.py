"""allauth's words, in ours."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Says what to do next instead of only what is wrong."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "That address and password do not go together. Check both, or reset your password.",
        "email_taken": "There is already an account with this address. Sign in instead, or reset your password.",
        "enter_current_password": "That is not your current password.",
        "incorrect_password": "That is not your password.",
        "duplicate_email": "That is already your address.",
        "same_as_current": "That is already your address.",
        "invalid_password_reset": "This link has been used or is too old. Ask for a new one.",
        "too_many_login_attempts": "Too many failed attempts. Wait five minutes, or reset your password.",
        "rate_limited": "That was too many attempts in a short time. Wait a moment, then try again.",
    }
