"""What a drawn person looks like: every number of the painter that differs from face to face."""

from dataclasses import dataclass

Colour = tuple[int, int, int]  # sRGB, 0-255


@dataclass(frozen=True)
class Look:
    """One drawn person. Lengths in face units (1 = distance between the pupils); factors are 1.0 for average."""

    skin: Colour = (226, 178, 150)
    blush: Colour = (205, 110, 100)
    lips: Colour = (186, 96, 92)
    iris: Colour = (92, 66, 44)
    hair: Colour = (58, 38, 28)
    hair_light: Colour = (140, 98, 66)
    brow: Colour = (52, 36, 28)
    hairstyle: str = "long"
    face_width: float = 1.0
    jaw_width: float = 1.0
    chin_length: float = 1.0
    nose_width: float = 1.0
    nose_length: float = 1.0
    nose_bridge: float = 1.0
    mouth_width: float = 1.0
    upper_lip: float = 1.0
    lower_lip: float = 1.0
    smile: float = 0.3  # corners of the closed mouth: -1 down, +1 up
    eye_height: float = 1.0
    eye_width: float = 1.0
    eye_tilt: float = 0.03  # outer corner above the inner one
    lid_crease: float = 1.0  # 0 = single lid
    lashes: float = 0.6
    brow_weight: float = 1.0
    brow_arch: float = 0.05
    brow_height: float = 0.36
    cheek: float = 1.0
    age: float = 0.2  # 0 = twenty, 1 = seventy
    beard: float = 0.0  # 0 = shaved, 0.4 = shadow, 1 = short beard
    freckles: float = 0.0
    makeup: float = 0.0
    neck_width: float = 0.72
    shoulder_width: float = 2.9
    garment: str = "crew"
    garment_colour: Colour = (44, 62, 84)
    garment_second: Colour = (236, 232, 224)
    backdrop: Colour = (196, 180, 164)
    backdrop_second: Colour = (120, 104, 96)
    earrings: bool = False
    glasses: bool = False
    seed: int = 1
