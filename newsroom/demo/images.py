"""Pictures for the demo, drawn here: skies, hills and roofs from a seed."""

import random
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter

SIZE = (1600, 900)
SKIES = {
    "politics": [((44, 62, 99), (228, 168, 130)), ((30, 40, 70), (180, 110, 100))],
    "economy": [((88, 120, 130), (240, 220, 180)), ((60, 90, 110), (230, 200, 160))],
    "society": [((120, 150, 170), (250, 235, 215)), ((90, 110, 150), (240, 190, 170))],
    "culture": [((70, 40, 80), (240, 150, 110)), ((40, 30, 70), (220, 120, 140))],
}


def draw(section: str, seed: int) -> BytesIO:
    """A JPEG of 1600 × 900: always the same for the same section and seed."""
    chance = random.Random(f"{section}-{seed}")
    top, bottom = chance.choice(SKIES[section])
    sky = Image.linear_gradient("L").resize(SIZE)
    image = Image.composite(Image.new("RGB", SIZE, bottom), Image.new("RGB", SIZE, top), sky)
    pen = ImageDraw.Draw(image)
    x, y, r = chance.randint(200, 1400), chance.randint(150, 450), chance.randint(50, 110)
    pen.ellipse((x - r, y - r, x + r, y + r), fill=lighter(bottom, 30))
    image = image.filter(ImageFilter.GaussianBlur(2))
    pen = ImageDraw.Draw(image)
    for layer in range(4):
        colour = tuple(int(channel * (0.62 - layer * 0.14)) for channel in top)
        pen.polygon(ridge(chance, 470 + layer * 95), fill=colour)
    if section in ("politics", "economy"):
        roofs(pen, chance, tuple(int(channel * 0.16) for channel in top), bottom)
    out = BytesIO()
    image.save(out, "JPEG", quality=82)
    out.seek(0)
    return out


def ridge(chance: random.Random, height: int) -> list[tuple[int, int]]:
    points, y = [(0, SIZE[1])], float(height)
    for x in range(0, SIZE[0] + 40, 40):
        y = min(max(y + chance.uniform(-32, 32), height - 130), height + 90)
        points.append((x, int(y)))
    return [*points, (SIZE[0], SIZE[1])]


def roofs(pen: ImageDraw.ImageDraw, chance: random.Random, colour: object, light: object) -> None:
    x = 0
    while x < SIZE[0]:
        width, height = chance.randint(60, 150), chance.randint(120, 330)
        pen.rectangle((x, SIZE[1] - height, x + width, SIZE[1]), fill=colour)  # type: ignore[arg-type]
        for wx in range(x + 12, x + width - 14, 26):
            for wy in range(SIZE[1] - height + 16, SIZE[1] - 20, 36):
                if chance.random() < 0.3:
                    pen.rectangle((wx, wy, wx + 10, wy + 15), fill=light)  # type: ignore[arg-type]
        x += width + chance.randint(0, 18)


def lighter(colour: tuple[int, int, int], by: int) -> tuple[int, int, int]:
    red, green, blue = (min(channel + by, 255) for channel in colour)
    return red, green, blue
