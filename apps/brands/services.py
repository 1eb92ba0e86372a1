"""What can be done with an account's brand: look at it, change it, and say what a video shows of it."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.brands.colours import CONTRAST_GOOD, CONTRAST_LEAST, checked_colour, contrast
from apps.brands.models import Brand
from apps.core.failures import SiteFailure
from apps.trust.attestations import require_attested
from apps.uploads.models import Asset
from apps.uploads.services import get_asset_for

LOGO_TYPES = {"image/png": "PNG", "image/webp": "WebP"}  # pixels only: a drawing with a program in it is not opened
LOGO_BYTES_MAX = 2 * 2**20
LOGO_SIDE_MAX_PX = 4096
COLOURS = ("primary", "accent", "text")
CARDS = ("intro", "outro")
CARD_TEXT_MAX_CHARS = 80
CARD_MIN_S, CARD_MAX_S = 1.0, 5.0


def brand_of(user: User) -> Brand:
    """The account's brand; one that is not stored yet for an account that has none."""
    found = Brand.objects.select_related("logo").filter(owner_id=user.pk).first()
    return found or Brand(owner_id=user.pk)


def known_brand_of(user: User) -> Brand:
    """As `brand_of`, for telling only: not asked for again where it came with the user."""
    if User.brand.is_cached(user):
        return getattr(user, "brand", None) or Brand(owner_id=user.pk)
    return brand_of(user)


def words_of(user_id: Any) -> list[dict[str, str]]:
    """How an account's voices say words and names: [{"word", "said"}]."""
    return Brand.objects.filter(owner_id=user_id).values_list("pronunciations", flat=True).first() or []


def change_brand(user: User, changes: Mapping[str, Any]) -> Brand:
    """Change some of it, all or none. Pronunciations have been checked.

    Raises SiteFailure: option_invalid, logo_unusable, asset_not_ready, asset_refused, attestation_missing; Http404 for
    somebody else's file.
    """
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)
        brand = brand_of(user)
        for name, value in changes.items():
            if name == "logo":
                brand.logo = None if value is None else _usable_logo(user, value)
            elif name in COLOURS:
                setattr(brand, name, checked_colour(name, value))
            elif name == "pronunciations":
                brand.pronunciations = value
            elif name in ("intro_text", "outro_text"):
                setattr(brand, name, _card_text(name, value))
            elif name in ("intro_s", "outro_s"):
                setattr(brand, name, _card_s(name, value))
            else:
                _set_typeface(brand, value)
        _check_readable(brand)
        brand.save()
    return brand


def is_in_a_brand(asset: Asset) -> bool:
    """Whether a file is somebody's logo, and so has to stay."""
    return Brand.objects.filter(logo=asset).exists()


def notes_on(brand: Brand) -> list[str]:
    """What could be better about it, in sentences."""
    ratio = contrast(brand.text, brand.primary)
    if ratio >= CONTRAST_GOOD:
        return []
    return [f"Text on the main colour has a contrast of {ratio:.1f}; from {CONTRAST_GOOD} on it reads well."]


def has_card(brand: Brand, name: str) -> bool:
    """Whether there is anything on its “intro” or “outro”."""
    return brand.logo is not None or bool(getattr(brand, f"{name}_text"))


def _card_text(name: str, value: Any) -> str:
    text = " ".join("".join(c for c in str(value) if c.isprintable() or c.isspace()).split())
    if len(text) > CARD_TEXT_MAX_CHARS:
        raise SiteFailure("option_invalid", option=name, reason=f"at most {CARD_TEXT_MAX_CHARS} characters")
    return text


def _card_s(name: str, value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and CARD_MIN_S <= value <= CARD_MAX_S):  # NaN fails this too
        reason = f"choose between {CARD_MIN_S:g} and {CARD_MAX_S:g} seconds"
        raise SiteFailure("option_invalid", option=name, reason=reason)
    return round(float(value), 1)


def _set_typeface(brand: Brand, value: Any) -> None:
    if value not in Brand.Typeface.values:
        reason = f"choose one of {', '.join(Brand.Typeface.values)}"
        raise SiteFailure("option_invalid", option="typeface", reason=reason)
    brand.typeface = value


def _check_readable(brand: Brand) -> None:
    ratio = contrast(brand.text, brand.primary)
    if ratio < CONTRAST_LEAST:
        reason = (
            f"nobody can read it on the main colour: their contrast is {ratio:.1f}, and at least {CONTRAST_LEAST:g} "
            "is needed"
        )
        raise SiteFailure("option_invalid", option="text", reason=reason)


def _usable_logo(user: User, asset_id: object) -> Asset:
    asset = get_asset_for(user, asset_id)
    if asset.kind != Asset.Kind.PICTURE:
        raise SiteFailure("asset_wrong_kind", found=asset.kind, needed="picture")
    if asset.state == Asset.State.REFUSED:
        raise SiteFailure(asset.failure_code or "asset_refused", **asset.failure_detail)
    if asset.content_type not in LOGO_TYPES:
        raise SiteFailure("logo_unusable", reason="it is no PNG or WebP")
    if asset.size_bytes > LOGO_BYTES_MAX:
        reason = f"it has {asset.size_bytes / 2**20:.1f} MB, and {LOGO_BYTES_MAX / 2**20:g} are the most"
        raise SiteFailure("logo_unusable", reason=reason)
    side_px = max(asset.width_px or 0, asset.height_px or 0)
    if side_px > LOGO_SIDE_MAX_PX:
        reason = f"its long side has {side_px} pixels, and {LOGO_SIDE_MAX_PX} are the most"
        raise SiteFailure("logo_unusable", reason=reason)
    if asset.state != Asset.State.READY:
        raise SiteFailure("asset_not_ready")
    picture = (asset.preflight or {}).get("picture") or {}
    if int(picture.get("frames") or 1) > 1:
        raise SiteFailure("logo_unusable", reason="it moves, and a logo stands still")
    require_attested([asset])
    return asset
