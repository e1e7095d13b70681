"""The embedded PostgreSQL: found, started, joined, stopped; and how a process signs in to any PostgreSQL."""

from osler.platform.postgres.launcher import Server, launch
from osler.platform.postgres.login import Login, url_login
from osler.platform.postgres.secret import deployment_secret, derived
from osler.platform.postgres.trouble import PostgresTrouble

__all__ = ["Login", "PostgresTrouble", "Server", "deployment_secret", "derived", "launch", "url_login"]
