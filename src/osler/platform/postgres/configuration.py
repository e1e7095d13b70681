"""The settings of the embedded server, sized to the machine, safe on power loss, and silent about patients."""

from __future__ import annotations

import os
from pathlib import Path

MEGABYTE = 1024 * 1024


def write_configuration(cluster: Path, major: int, socket_folder: Path, listen: str, port: int) -> None:
    """Write `postgresql.conf`. What an operator wants otherwise goes into `local.conf` beside it and wins."""
    lines = [f"{name} = '{value}'" for name, value in settings(major, socket_folder, listen, port).items()]
    lines.append("include_if_exists = 'local.conf'")
    text = "# Written by osler at every start. Your own settings: local.conf in this folder.\n" + "\n".join(lines) + "\n"
    place = cluster / "postgresql.conf"
    place.write_text(text)


def settings(major: int, socket_folder: Path, listen: str, port: int) -> dict[str, str]:
    """Every setting that is not PostgreSQL's default, and the few whose default must not change."""
    chosen = {
        "listen_addresses": listen,
        "port": str(port),
        "unix_socket_directories": str(socket_folder),
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "max_connections": "200",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "shared_buffers": f"{buffers()}MB",
        "wal_compression": "on",
        "max_wal_size": "4GB",
        "min_wal_size": "128MB",
        "checkpoint_timeout": "15min",
        "jit": "off",
        "random_page_cost": "1.1",
        "lc_messages": "C",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        # A statement's text or a key's value in the log would be patient data.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_checkpoints": "off",
        "max_logical_replication_workers": "0",
    }
    if major >= 18:
        chosen["io_method"] = "sync"  # the hot set is in memory; three idle worker processes are not free
    return chosen


def buffers() -> int:
    """An eighth of the machine's memory in megabytes, between 128 and 512: every gigabyte takes 25 MB for its bookkeeping alone.

    A large installation says more in `local.conf`; below that the system's page cache does as well.
    """
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEGABYTE
    return max(128, min(512, total // 8))
