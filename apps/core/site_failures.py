"""What the site itself can refuse, in words: uploads, limits, access. Part of the catalogue in `failures.py`."""

from apps.core.failure_text import FailureText, bad_input, our_fault

_SITE_UPLOADS: dict[str, FailureText] = {
    "upload_too_large": bad_input(
        "That file is larger than we can take.",
        "Shorten it or export it at a lower quality, then upload it again.",
        "That file is {size_mb:.0f} MB; the most we can take is {max_mb:.0f} MB.",
        "That file is larger than the {max_mb:.0f} MB we can take.",
        http_status=413,
    ),
    "upload_too_large_for_free": bad_input(
        "That file is larger than a free account can upload.",
        "Shorten it or export it at a lower quality; or buy credits once, and larger files are welcome for good.",
        "That file is {size_mb:.0f} MB; the most we can take is {max_mb:.0f} MB, and {buyer_mb:.0f} MB once you have "
        "bought credits.",
        http_status=413,
    ),
    "upload_interrupted": our_fault(
        "The upload stopped before the whole file had arrived.",
        "Check your connection and upload it again.",
        retryable=True,
        http_status=400,
    ),
    "upload_busy": our_fault(
        "Another connection is sending this file.",
        "Wait a few seconds; it goes on by itself.",
        retryable=True,
        http_status=423,
    ),
    "uploads_too_many": our_fault(
        "Too many of your files are on their way at once.",
        "Wait until one of them has arrived, or stop one; then send this one again.",
        "{most:.0f} of your files are on their way at once, and no more can be.",
        retryable=True,
        http_status=429,
    ),
    "upload_offset_wrong": our_fault(
        "The connection broke, and a part of the file has to be sent again.",
        "Ask how much has arrived, and go on from there.",
        retryable=True,
        http_status=409,
    ),
    "upload_too_long": bad_input(
        "More of that file came than had been announced.",
        "It may have changed while it was sent: choose it again.",
        http_status=413,
    ),
    "upload_piece_type_wrong": bad_input(
        "A piece of a file has to come as application/offset+octet-stream.",
        "Set the request's Content-Type.",
        http_status=415,
    ),
    "tus_version_wrong": bad_input(
        "This site speaks tus 1.0.0.",
        "Send the header Tus-Resumable: 1.0.0 with every request.",
        http_status=412,
    ),
    "upload_missing": bad_input(
        "No file arrived.",
        "Choose a file first, then upload it.",
        http_status=400,
    ),
    "quota_full": bad_input(
        "Your storage is full.",
        "Delete pictures, voices or videos that you no longer need, then upload it again.",
        "Your storage is full: {used_mb:.0f} of {max_mb:.0f} MB are in use, and this file needs {size_mb:.0f} MB more.",
        http_status=403,
    ),
    "unsupported_type": bad_input(
        "We do not know that type of file.",
        "Pictures can be JPEG, PNG, WebP, HEIC, GIF, BMP or TIFF; videos MP4, MOV, WebM or MKV; "
        "voices MP3, WAV, M4A, OGG, FLAC or WebM.",
        "That file is {found}, which we cannot use as {needed}.",
        http_status=415,
    ),
    "picture_is_video": bad_input(
        "That file is a video; a portrait has to be a still picture.",
        "Pause the video where the face is clear, take a screenshot or save that frame, and upload the picture.",
        "That file is a video ({found}); a portrait has to be a still picture.",
        http_status=415,
    ),
    "asset_not_ready": our_fault(
        "We are still looking at that file.",
        "Wait a few seconds, then try again.",
        retryable=True,
        http_status=409,
    ),
    "asset_refused": bad_input(
        "We could not use that file.",
        "Choose another one.",
        http_status=409,
    ),
    "asset_wrong_kind": bad_input(
        "That file is of the wrong kind for this place.",
        "Choose a picture as the portrait, a sound as the voice, a video as the clip.",
        "That file is a {found}, but a {needed} is needed here.",
    ),
    "logo_unusable": bad_input(
        "That picture cannot be used as a logo.",
        "Choose a PNG or WebP, best with a see-through background: at most 2 MB, and 4096 pixels on its long side.",
        "That picture cannot be used as a logo: {reason}.",
    ),
    "asset_in_use": bad_input(
        "A video is being made from that file right now.",
        "Wait until it is done or cancel it, then delete the file.",
        http_status=409,
    ),
    "storage_unavailable": our_fault(
        "We could not store that file.",
        "Try again in a few minutes; if it happens again, tell us and we will look into it.",
        retryable=True,
        http_status=503,
    ),
    "link_expired": bad_input(
        "That link has expired.",
        "Open the page it came from again; it makes a fresh link.",
        http_status=403,
    ),
}

_SITE_WORK: dict[str, FailureText] = {
    "project_incomplete": bad_input(
        "There is something missing before this can be rendered.",
        "Add a portrait, and a voice or a script, then try again.",
        "Before this can be rendered, it still needs {missing}.",
    ),
    "scene_gone": bad_input(
        "What it shows was deleted.",
        "Take this scene out of the film, or put another one in its place.",
        http_status=409,
    ),
    "scene_in_trash": bad_input(
        "What it shows lies in the trash.",
        "Restore it in the library, or take this scene out of the film.",
        http_status=409,
    ),
    "too_long_for_free": bad_input(
        "That is longer than a free render may be.",
        "Cut it to a minute, or export it clean with credits: up to ten minutes.",
        "That is {duration_s:.0f} s long; a free render may have {max_s:.0f} s.",
        http_status=413,
    ),
    "not_exportable": bad_input(
        "This kind of project cannot be exported for credits.",
        "Render it instead.",
        http_status=409,
    ),
    "daily_limit": our_fault(
        "You have used all of today's free renders.",
        "They come back at midnight UTC. Clean exports for credits have no daily limit.",
        "You have used all {limit} of today's free renders.",
        retryable=True,
        http_status=429,
    ),
    "too_many_jobs": our_fault(
        "You already have as many videos in the making as we can work on at once.",
        "Wait until one of them is done, or cancel one.",
        "You already have {running} videos in the making; {limit} at once is the most.",
        retryable=True,
        http_status=429,
    ),
    "batch_too_large": bad_input(
        "That set has too many variants.",
        "Take something out of one of the lists.",
        "That set would have {count} variants; {limit} is the most.",
        http_status=422,
    ),
    "batch_too_small": bad_input(
        "A set needs at least two variants.",
        "Choose a second hook, voice, caption style or shape; a single video is rendered in the studio.",
        http_status=422,
    ),
    "batch_over_daily_limit": our_fault(
        "That set needs more free renders than you have left today.",
        "Make the set smaller, wait until midnight UTC, or export it for credits, which has no daily limit.",
        "That set needs {count} free renders, and {left} of today's {limit} are left.",
        retryable=True,
        http_status=429,
    ),
    "idempotency_conflict": bad_input(
        "That request key was already used for something else.",
        "Use a new Idempotency-Key for a new request.",
        http_status=409,
    ),
    "project_changed": bad_input(
        "This video was changed in another tab or on another device.",
        "Take what is saved there, or keep what you see here.",
        http_status=409,
    ),
    "share_over": bad_input(
        "This link has run out, or was taken back.",
        "Ask whoever sent it to share the video again.",
        http_status=410,
    ),
    "share_unknown": bad_input(
        "This link leads to no video.",
        "It was taken back, or a part of it is missing. Ask whoever sent it to share the video again.",
        http_status=404,
    ),
    "render_not_ready": bad_input(
        "That video is not finished.",
        "Wait until it is, or render it again.",
        http_status=409,
    ),
    "job_not_cancellable": bad_input(
        "That job is already over, so there is nothing to stop.",
        "Reload the page to see how it ended.",
        http_status=409,
    ),
    "job_not_retryable": bad_input(
        "That job cannot be run again.",
        "Start a new render from the project instead.",
        http_status=409,
    ),
    "worker_lost": our_fault(
        "The machine that was making your video stopped twice in a row.",
        "Try again; if it happens again, tell us and we will look into it. It cost nothing.",
        retryable=True,
        http_status=500,
    ),
    "queue_unavailable": our_fault(
        "We cannot start new work at the moment.",
        "Nothing is lost: your order is kept and starts by itself as soon as possible.",
        retryable=True,
        http_status=503,
    ),
}

_SITE_MONEY: dict[str, FailureText] = {
    "credits_short": bad_input(
        "You do not have enough credits for this.",
        "Top up your credits, or make a free render instead.",
        "This needs {needed} credits, and you have {have}.",
        http_status=402,
    ),
    "quote_expired": bad_input(
        "That price was good for 15 minutes, and they are over.",
        "Ask for the price again; nothing was charged.",
        http_status=409,
    ),
    "longer_than_quoted": bad_input(
        "The video turned out longer than the price covers, so we stopped before making it.",
        "Ask for the price again: it now knows the real length. It cost nothing.",
        "The video turned out {duration_s:.0f} s long, but the price covers {max_s:.0f} s, so we stopped before "
        "making it.",
        http_status=409,
    ),
    "hold_settled": bad_input(
        "The credits reserved for this were settled already.",
        "Reload the page to see how it ended.",
        http_status=409,
    ),
    "payments_off": bad_input(
        "Buying credits is not set up on this site.",
        "Ask whoever runs it: they can add credits to your account.",
        http_status=503,
    ),
    "payments_unavailable": our_fault(
        "The payment service cannot be reached at the moment.",
        "Nothing was charged. Try again in a minute.",
        retryable=True,
        http_status=503,
    ),
    "card_declined": bad_input(
        "Your card was declined.",
        "Check or change your card under “Cards, invoices, cancelling”, then try again. Nothing was changed.",
        http_status=402,
    ),
    "offer_gone": bad_input(
        "That offer is no longer available.",
        "Choose one of the current offers.",
        http_status=409,
    ),
    "plan_running": bad_input(
        "You already have a monthly plan.",
        "Change or cancel it on the credits page.",
        http_status=409,
    ),
}

_SITE_ACCESS: dict[str, FailureText] = {
    "signed_out": bad_input(
        "You are not signed in.",
        "Sign in, then try again.",
        http_status=401,
    ),
    "csrf_failed": bad_input(
        "This page is too old to send that.",
        "Reload the page, then try again.",
        http_status=403,
    ),
    "not_found": bad_input(
        "There is nothing here, or it is not yours.",
        "Check the address, or go to your library.",
        http_status=404,
    ),
    "method_not_allowed": bad_input(
        "That address does not work this way.",
        "Look up the right method in the API's description.",
        http_status=405,
    ),
    "invalid_request": bad_input(
        "Something in that request is not right.",
        "Correct it and try again.",
        "Something in that request is not right: {reason}.",
        http_status=422,
    ),
    "not_verified": bad_input(
        "Your e-mail address is not confirmed yet.",
        "Open the link we sent you, or have it sent again from your account page.",
        http_status=403,
    ),
    "rate_limited": our_fault(
        "That was too many attempts in a short time.",
        "Wait a moment, then try again.",
        "That was too many attempts in a short time; try again in {retry_after_s:.0f} seconds.",
        retryable=True,
        http_status=429,
    ),
}

_SITE_TRUST: dict[str, FailureText] = {
    "attestation_missing": bad_input(
        "We need to know that you may use this before we make a video of it.",
        "Say in one press whose face or voice it is; we ask once per file.",
        "Before we make a video of it, tell us that you may use this {which}.",
    ),
    "report_decided": bad_input(
        "This report was decided already.",
        "Reload the page to see what became of it.",
        http_status=409,
    ),
    "too_busy": our_fault(
        "Many people ask at once right now.",
        "Try again in a minute.",
        retryable=True,
        http_status=503,
    ),
    "media_blocked": bad_input(
        "That file was removed from this site after a report, so it cannot be used here again.",
        "Use another one. If you think this is a mistake, write to whoever runs this site.",
        http_status=403,
    ),
}

SITE_TEXTS: dict[str, FailureText] = {**_SITE_UPLOADS, **_SITE_WORK, **_SITE_MONEY, **_SITE_ACCESS, **_SITE_TRUST}
