"""An account's brand as pages and the API see it."""

from typing import Any

from apps.brands.colours import contrast
from apps.brands.models import Brand
from apps.brands.services import notes_on
from apps.uploads.services import signed_media_url


def brand_facts(brand: Brand) -> dict[str, Any]:
    """Plain facts, ready for JSON."""
    logo = brand.logo
    return {
        "logo": None if logo is None else str(logo.pk),
        "logo_url": None if logo is None else signed_media_url(logo),
        "logo_name": "" if logo is None else logo.original_name,
        "logo_width_px": None if logo is None else logo.width_px,
        "logo_height_px": None if logo is None else logo.height_px,
        "primary": brand.primary,
        "accent": brand.accent,
        "text": brand.text,
        "typeface": brand.typeface,
        "intro_text": brand.intro_text,
        "intro_s": brand.intro_s,
        "outro_text": brand.outro_text,
        "outro_s": brand.outro_s,
        "pronunciations": [dict(row) for row in brand.pronunciations],
        "text_contrast": round(contrast(brand.text, brand.primary), 2),
        "notes": notes_on(brand),
    }
