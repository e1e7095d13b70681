"""How a body lies in its row. The row's `codec` says which way; a number once used is kept for ever.

0: as it is. 1: zstd with the shipped dictionary `dictionary_v1.zdict` (1 KB becomes 150-300 B, 1 µs to read; store.md §2).
"""

from __future__ import annotations

from pathlib import Path

import zstandard

PLAIN = 0
DICTIONARIES = {1: "dictionary_v1.zdict"}
LEVEL = 3
SHORTEST = 64


class Codec:
    """Compresses with the newest dictionary there is and reads with any. Its compressors are reused: one event loop, one codec."""

    def __init__(self, folder: Path = Path(__file__).parent) -> None:
        self._readers: dict[int, zstandard.ZstdDecompressor] = {}
        self._number = PLAIN
        self._writer: zstandard.ZstdCompressor | None = None
        for number, name in sorted(DICTIONARIES.items()):
            if (folder / name).is_file():
                dictionary = zstandard.ZstdCompressionDict((folder / name).read_bytes())
                dictionary.precompute_compress(level=LEVEL)
                self._readers[number] = zstandard.ZstdDecompressor(dict_data=dictionary)
                self._writer = zstandard.ZstdCompressor(level=LEVEL, dict_data=dictionary, write_checksum=False, write_dict_id=False)
                self._number = number

    def pack(self, body: bytes) -> tuple[int, bytes]:
        """The codec's number and the bytes to store."""
        if self._writer is None or len(body) < SHORTEST:
            return PLAIN, body
        packed = self._writer.compress(body)
        return (self._number, packed) if len(packed) < len(body) else (PLAIN, body)

    def unpack(self, number: int, content: bytes | None) -> bytes:
        """The body as it was stored; empty for a deletion."""
        if not number:
            return content or b""
        return self._readers[number].decompress(content) if content else b""
