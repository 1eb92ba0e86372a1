"""The cast: the people the product ships as sample presenters. None of them exists."""

from worker.compose.presenters.look import Look

CAST: dict[str, Look] = {
    "mara": Look(
        skin=(222, 172, 142), blush=(200, 104, 90), lips=(182, 88, 86), iris=(98, 70, 44), hair=(62, 38, 27),
        hair_light=(168, 116, 78), brow=(60, 40, 30), hairstyle="long", jaw_width=0.95, smile=1.1, eye_height=1.02,
        lashes=0.8, brow_weight=0.75, brow_arch=0.060, upper_lip=1.05, lower_lip=1.05, makeup=0.35, nose_width=0.92,
        age=0.15, freckles=0.35, garment="vneck", garment_colour=(38, 84, 86), backdrop=(226, 206, 186),
        backdrop_second=(160, 132, 114), neck_width=0.64, shoulder_width=2.75, seed=12,
    ),
    "kofi": Look(
        skin=(128, 84, 60), blush=(134, 66, 52), lips=(126, 72, 66), iris=(58, 36, 24), hair=(26, 21, 20),
        hair_light=(86, 74, 70), brow=(24, 18, 16), hairstyle="crop", face_width=1.03, jaw_width=1.10, chin_length=1.04,
        smile=0.95, lashes=0.30, brow_weight=1.15, brow_arch=0.035, brow_height=0.33, upper_lip=1.25, lower_lip=1.20,
        mouth_width=1.08, nose_width=1.26, nose_bridge=0.85, eye_height=0.94, age=0.04, beard=0.75, garment="crew",
        garment_colour=(206, 150, 66), backdrop=(120, 146, 150), backdrop_second=(52, 70, 80), neck_width=0.84,
        shoulder_width=3.25, seed=23,
    ),
    "ingrid": Look(
        skin=(234, 194, 174), blush=(214, 128, 116), lips=(186, 100, 98), iris=(88, 122, 142), hair=(150, 148, 152),
        hair_light=(226, 224, 222), brow=(128, 118, 112), hairstyle="bob", jaw_width=1.0, cheek=1.1, smile=1.2,
        eye_height=0.92, lashes=0.45, brow_weight=0.65, brow_arch=0.055, upper_lip=0.78, lower_lip=0.88, makeup=0.30,
        nose_width=1.02, age=0.85, garment="blazer", garment_colour=(64, 58, 92), garment_second=(240, 236, 230),
        backdrop=(206, 214, 208), backdrop_second=(126, 140, 138), glasses=True, earrings=True, neck_width=0.66,
        shoulder_width=2.8, seed=34,
    ),
    "kenji": Look(
        skin=(212, 168, 136), blush=(208, 126, 104), lips=(184, 108, 98), iris=(62, 42, 30), hair=(30, 26, 28),
        hair_light=(112, 106, 116), brow=(36, 28, 26), hairstyle="swept", jaw_width=1.02, smile=1.0, eye_height=0.84,
        eye_tilt=0.045, lid_crease=0.45, lashes=0.25, brow_weight=0.88, brow_arch=0.025, brow_height=0.36,
        nose_width=1.06, nose_bridge=0.75, age=0.08, garment="turtle", garment_colour=(58, 62, 70),
        backdrop=(232, 176, 148), backdrop_second=(168, 96, 78), neck_width=0.76, shoulder_width=3.1, seed=45,
    ),
    "amara": Look(
        skin=(158, 104, 74), blush=(162, 78, 62), lips=(150, 70, 72), iris=(70, 42, 26), hair=(34, 24, 21),
        hair_light=(122, 88, 66), brow=(32, 22, 18), hairstyle="curls", jaw_width=0.96, smile=1.2, eye_height=1.05,
        eye_tilt=0.05, lashes=0.9, brow_weight=0.85, brow_arch=0.060, upper_lip=1.28, lower_lip=1.22, makeup=0.45,
        nose_width=1.16, nose_bridge=0.85, cheek=1.15, age=0.10, garment="scoop", garment_colour=(198, 74, 62),
        backdrop=(246, 218, 168), backdrop_second=(196, 144, 92), earrings=True, neck_width=0.63, shoulder_width=2.7,
        seed=56,
    ),
}  # fmt: skip

CREDIT = "Drawn by Lipsmith's own code (worker/compose/presenters). This person does not exist. Apache-2.0."

# `voice` is what a script is spoken with until the creator chooses another one.
LISTED: dict[str, dict[str, str]] = {
    "mara": {
        "name": "Mara",
        "voice": "en-us:female",
        "description": "Woman around thirty with long brown hair and a teal top",
    },
    "kofi": {
        "name": "Kofi",
        "voice": "en-us:male",
        "description": "Man in his thirties with a short beard and a saffron sweater",
    },
    "ingrid": {
        "name": "Ingrid",
        "voice": "en-gb-x-rp:female",
        "description": "Woman around seventy with silver hair, glasses and a violet blazer",
    },
    "kenji": {
        "name": "Kenji",
        "voice": "en-gb-x-rp:male",
        "description": "Young man with brushed-up black hair and a charcoal roll-neck",
    },
    "amara": {"name": "Amara", "voice": "en:female", "description": "Young woman with natural curls and a coral top"},
}

SCRIPTS: list[dict[str, str]] = [
    {
        "slug": "hello",
        "title": "A first hello",
        "language": "en",
        "voice": "en-us:female",
        "text": "Hello! A minute ago I was a picture. Now I have opinions. "
        "Give me your words, and I will say them as if I had just thought of them.",
    },
    {
        "slug": "coffee",
        "title": "The coffee rule",
        "language": "en",
        "voice": "en:male",
        "text": "Here is my only rule before nine o'clock: coffee first, big decisions later. "
        "Nobody ever saved the world with an empty cup.",
    },
    {
        "slug": "launch",
        "title": "Good news, quickly",
        "language": "en",
        "voice": "en-us:female",
        "text": "Big news, small speech. We built the thing, we tested the thing, and today it is yours. "
        "Try it, break it, tell us about it.",
    },
    {
        "slug": "guten-tag",
        "title": "Ein kleiner Gruß",
        "language": "de",
        "voice": "de:female",
        "text": "Guten Tag! Bis eben war ich nur ein Bild. Jetzt rede ich, und zwar gern. "
        "Schreiben Sie mir ein paar Zeilen, den Rest übernehme ich.",
    },
    {
        "slug": "buenos-dias",
        "title": "Un saludo breve",
        "language": "es",
        "voice": "es:female",
        "text": "¡Hola! Hace un minuto yo era solo un retrato. Ahora hablo, sonrío y no pienso parar. "
        "Dame tus palabras y las hago mías.",
    },
]
