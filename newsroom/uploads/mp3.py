"""What is sound in an MP3 file: its frames (ISO/IEC 11172-3 and 13818-3, 2.4.1.3), and nothing that
stands around them, such as ID3 with its title, its picture and its place."""

V1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]  # kbit/s, layer III
V2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
RATES = [44_100, 48_000, 32_000]
HEAD = 4
IN_A_ROW = 3  # frames that must follow each other, before bytes that look like one are believed


def frames(data: bytes) -> bytes:
    """All that are there, one behind the other; nothing of a file that has none."""
    found, place, end = bytearray(), 0, -1
    while (place := data.find(b"\xff", place)) >= 0:
        length = length_at(data, place)
        if length and (place == end or is_run(data, place)):
            found += data[place : place + length]
            place = end = place + length
        else:
            place += 1
    return bytes(found)


def is_run(data: bytes, place: int) -> bool:
    """Do frames follow each other from there?"""
    for _ in range(IN_A_ROW):
        length = length_at(data, place)
        if not length:
            return place == len(data)
        place += length
    return True


def length_at(data: bytes, place: int) -> int:
    """Of the whole frame that begins there, in bytes; 0 when none does."""
    head = data[place : place + HEAD]
    if len(head) < HEAD or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # in step, layer III
        return 0
    version = head[1] >> 3 & 3  # 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
    rate, bits = head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or rate == 3 or bits in (0, 15):
        return 0
    kilobits = (V1 if version == 3 else V2)[bits]
    hertz = RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    length = (144 if version == 3 else 72) * kilobits * 1000 // hertz + (head[2] >> 1 & 1)
    return length if place + length <= len(data) else 0
