"""What uploads tells the rest of the site. Apps above connect here; uploads never imports them."""

from django.dispatch import Signal

# A file has been stored and waits to be looked at (sent inside the transaction that creates the row; receivers that
# enqueue work do so in on_commit). Arguments: asset.
asset_received = Signal()

# Preflight has looked at a file; what it found is about to be kept (sent inside the transaction). A receiver may put a
# problem into `report`, which refuses the file. Arguments: asset, report (a dict that may be changed).
asset_looked_at = Signal()

# An asset's row and files are about to be deleted (sent inside the transaction). A receiver may raise SiteFailure
# ("asset_in_use") to keep it. Arguments: asset.
asset_deleting = Signal()
