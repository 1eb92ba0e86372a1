"""What trust asks and tells the apps above, which connect here; trust never imports them."""

from django.dispatch import Signal

# Somebody looks for the files of a render, by the id its hidden mark carries. Receivers return a list of assets.
# Arguments: render_id (12 hex digits).
render_sought = Signal()

# A file is being taken down (sent inside the transaction, before it is deleted): whatever was made of it goes too, and
# whatever is being made of it stops. Arguments: asset, block (a function that puts another asset on the block-list).
asset_taking_down = Signal()
