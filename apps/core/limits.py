"""What free renders and paid exports may be; the one place for these numbers. Operators' settings are elsewhere."""

FREE_DURATION_MAX_S = 60.0
FREE_SHORT_SIDE_MAX_PX = 720
EXPORT_DURATION_MAX_S = 600.0
