"""A process that holds a data folder's server until its input ends: `holder.py DATA BIN [UID GID]`. Prints `ready <joined>`.

With a user number it gives up root first; everything is imported before that, as that user may not be allowed to read this Python.
"""

import asyncio
import os
import sys
from pathlib import Path

import osler.platform.postgres.launcher
from osler.platform.postgres import PostgresTrouble, launch

assert osler.platform.postgres.launcher
assert asyncio

if len(sys.argv) > 3:
    os.setgroups([])
    os.setgid(int(sys.argv[4]))
    os.setuid(int(sys.argv[3]))
try:
    server = launch(
        Path(sys.argv[1]), binaries=Path(sys.argv[2]) if sys.argv[2] else None, say=lambda text: print("said", text, flush=True)
    )
except PostgresTrouble as trouble:
    print("trouble", trouble, flush=True)
    sys.exit(3)
print("ready", server.joined, flush=True)
sys.stdin.read()
server.release()
