"On PYTHONPATH, this cuts a Python off from every machine but its own: at once, and saying so."

import socket

connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo


def refuse_others(host):
    if host not in ("127.0.0.1", "::1", "localhost", "", None):
        raise OSError(f"no network in this test, but {host} was asked for")


def host(address):
    return address[0] if isinstance(address, tuple) else None  # None: a Unix socket, whose address is a path


def connect_here(self, address):
    refuse_others(host(address))
    return connect(self, address)


def connect_ex_here(self, address):
    refuse_others(host(address))
    return connect_ex(self, address)


def getaddrinfo_here(name, *args, **kwargs):
    refuse_others(name)
    return getaddrinfo(name, *args, **kwargs)


socket.socket.connect = connect_here
socket.socket.connect_ex = connect_ex_here
socket.getaddrinfo = getaddrinfo_here
