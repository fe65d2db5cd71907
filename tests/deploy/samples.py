"""What the tests of this folder book and send."""

import datetime
import struct
import zlib

# Nights that no data set sells: the functions run by the real clock here.
ARRIVAL = datetime.date.today() + datetime.timedelta(days=900)


def png(width=24, height=16):
    """A small valid picture."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes((30, 120, 180)) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
