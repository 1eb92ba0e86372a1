"""What uploads tells the rest of the site. Apps above connect here; uploads never imports them."""

from django.dispatch import Signal

# A file has been stored and waits to be looked at (sent inside the transaction that creates the row; receivers that
# enqueue work do so in on_commit). Arguments: asset.
asset_received = Signal()

# An asset's row and files are about to be deleted (sent inside the transaction). A receiver may raise SiteFailure
# ("asset_in_use") to keep it. Arguments: asset.
asset_deleting = Signal()
