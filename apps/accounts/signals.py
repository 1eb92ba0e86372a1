"""What accounts tells the rest of the site. Apps above connect here; accounts never imports them."""

from django.dispatch import Signal

# An account is about to be deleted (sent inside the transaction that deletes it). Arguments: user.
account_deleting = Signal()
