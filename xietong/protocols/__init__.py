"""Protocols: what devices and files say, bytes in and readings out; no sockets and no clock here."""
