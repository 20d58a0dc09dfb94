"""A client that is no JavaScript, python-socketio, against the server of `clients-app`, which is already running:

    python run.py --url http://127.0.0.1:3000 --transport websocket|polling|default

The server's model in Node, tests/js/clients/server.mjs, passes too. Ends with `N passed, M failed`, and with exit code 0
if nothing failed.
"""

import argparse
import itertools
import os
import queue
import sys
import threading
import time
import traceback

import socketio

# How long anything may take that a server answers at once.
WAIT = 20
# `max_http_buffer_size` of the server.
MAX_BYTES = 1_000_000
# Room for what stands around a body.
AROUND = 100

TRANSPORTS = {"websocket": ["websocket"], "polling": ["polling"], "default": None}

counter = itertools.count(1)


def unique(prefix):
    """A name that no other check of this run uses."""
    return f"{prefix}-{os.getpid()}-{next(counter)}"


class Inbox:
    """What one client was told in one namespace, in the order in which it came."""

    def __init__(self):
        self._entries = []
        self._changed = threading.Condition()

    def put(self, event, *args):
        with self._changed:
            self._entries.append([event, args[0] if args else None, False])
            self._changed.notify_all()

    def next(self, event, fits=lambda body: True):
        """The body of the oldest `event` that was not taken yet and fits, now or when it comes."""
        deadline = time.monotonic() + WAIT
        with self._changed:
            while True:
                for entry in self._entries:
                    if entry[0] == event and not entry[2] and fits(entry[1]):
                        entry[2] = True
                        return entry[1]
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    names = [entry[0] for entry in self._entries]
                    raise AssertionError(f"waited {WAIT} s for {event!r}, there is only {names}")

    def all(self, event):
        with self._changed:
            return [entry[1] for entry in self._entries if entry[0] == event]


class Client:
    """One connection, and what it was told in each of its namespaces."""

    def __init__(self, session, namespaces=("/",), auth=None, reconnection=False):
        self._session = session
        self._namespaces = list(namespaces)
        self._auth = auth
        self.inboxes = {name: Inbox() for name in self._namespaces}
        self.answers = {}
        self.pings = queue.SimpleQueue()
        self.io = socketio.Client(reconnection=reconnection, reconnection_delay=0.05, reconnection_delay_max=0.2)
        for name in self._namespaces:
            self._listen(name)
        receive = self.io.eio._receive_packet

        def count_pings(packet):
            if packet.packet_type == 2:
                self.pings.put(packet)
            receive(packet)

        self.io.eio._receive_packet = count_pings

    def _listen(self, namespace):
        inbox = self.inboxes[namespace]

        def told(event, *args):
            inbox.put(event, *args)
            answer = self.answers.get(event)
            return answer(*args) if answer else None

        self.io.on("*", told, namespace=namespace)
        for event in ("connect", "connect_error", "disconnect"):
            self.io.on(event, lambda *args, event=event: inbox.put(event, *args), namespace=namespace)

    def connect(self, wait=True):
        self.io.connect(
            self._session.url,
            namespaces=self._namespaces,
            auth=self._auth,
            transports=TRANSPORTS[self._session.transport],
            wait=wait,
            wait_timeout=WAIT,
        )
        return self

    def check_transport(self):
        if self.io.connected:
            expected = "polling" if self._session.transport == "polling" else "websocket"
            equal(self.io.transport(), expected)

    def emit(self, event, body=None, namespace="/"):
        self.io.emit(event, body, namespace=namespace)

    def ask(self, event, body=None, namespace="/"):
        return self.io.call(event, body, namespace=namespace, timeout=WAIT)

    def next(self, event, namespace="/", fits=lambda body: True):
        return self.inboxes[namespace].next(event, fits)

    def all(self, event, namespace="/"):
        return self.inboxes[namespace].all(event)

    def named(self):
        """A name by which those who watch know this client."""
        name = unique("client")
        equal(self.ask("name", name), name)
        return name


class Session:
    """What a check is given: clients, and their end when it is over."""

    def __init__(self, url, transport):
        self.url = url
        self.transport = transport
        self._clients = []

    def client(self, *args, **kwargs):
        client = Client(self, *args, **kwargs)
        self._clients.append(client)
        return client

    def connect(self, *args, **kwargs):
        return self.client(*args, **kwargs).connect()

    def check_transports(self):
        for client in self._clients:
            client.check_transport()

    def close(self):
        for client in self._clients:
            client.io.shutdown()


def equal(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def connects(session):
    """connects to the main namespace, and knows its id"""
    client = session.connect()
    equal(client.next("welcome")["id"], client.io.get_sid("/"))


def joins_namespaces(session):
    """joins namespaces on one connection, each apart"""
    names = ["/", "/admin", "/other"]
    client = session.connect(names, auth={"token": "secret"})
    welcomes = [client.next("welcome", name) for name in names]
    equal([welcome["namespace"] for welcome in welcomes], names)
    equal([welcome["token"] for welcome in welcomes], ["secret"] * 3)
    equal([welcome["id"] for welcome in welcomes], [client.io.get_sid(name) for name in names])
    equal(len({welcome["id"] for welcome in welcomes}), 3)
    for name in names:
        equal(client.ask("echo", name, name), name)


def is_refused(session):
    """is refused by a namespace that wants a token, and by one that does not exist"""
    for namespace, auth, expected in [
        ("/admin", None, {"message": "no token"}),
        ("/admin", {"token": "wrong"}, {"message": "wrong token", "data": {"code": 401, "token": "wrong"}}),
        ("/nowhere", None, {"message": "Invalid namespace"}),
    ]:
        client = session.client(["/", namespace], auth=auth).connect(wait=False)
        client.next("welcome")
        equal(client.next("connect_error", namespace), expected)
        equal(client.ask("echo", 1), 1)


def emits(session):
    """emits and is told, every kind of JSON"""
    client = session.connect()
    values = [True, False, 0, -1.5, 1e21, "", "text", 'häß€😀\u2028\n"\\', [], [1, [2]], {}, {"a": {"b": [None]}}]
    for value in values:
        client.emit("say", value)
    for value in values:
        equal(client.next("said"), value)


def is_acknowledged(session):
    """is acknowledged"""
    client = session.connect()
    for body in ["häß€😀", {"list": [1, 2, {"three": "3"}]}, 0, False]:
        equal(client.ask("echo", body), body)


def acknowledges(session):
    """acknowledges"""
    client = session.connect()
    client.answers["question"] = lambda question: f"{question}!"
    equal(client.ask("ask", "well"), "well!")
    client.answers["file"] = lambda file: {"file": file, "length": len(file)}
    equal(client.ask("ask for", b"\x01\x02\x03"), {"file": b"\x01\x02\x03", "length": 3})


def sends_bytes(session):
    """sends and receives bytes"""
    client = session.connect()
    every = bytes(range(256))
    client.emit("say", every)
    equal(client.next("said"), every)
    equal(client.ask("echo", every), every)
    nested = {"name": "ä", "parts": [b"\x01", {"more": b"\x02\x03"}], "last": "text"}
    equal(client.ask("echo", nested), nested)
    for number in range(10):
        client.emit("say", {"number": number, "bytes": bytes([number])} if number % 2 else {"number": number})
    equal([client.next("said")["number"] for _ in range(10)], list(range(10)))


def takes_part_in_rooms(session):
    """takes part in rooms and broadcasts"""
    ann, bob, eve = (session.connect() for _ in range(3))
    room = unique("room")
    for client in (ann, bob):
        equal(client.ask("join", room), room)
    ann.emit("to room", {"room": room, "body": "to all of it"})
    equal([ann.next(room), bob.next(room)], ["to all of it"] * 2)
    ann.emit("to others", {"room": room, "body": {"bytes": b"\x07"}})
    equal(bob.next(room), {"bytes": b"\x07"})
    equal(bob.ask("leave", room), room)
    ann.emit("to room", {"room": room, "body": "to Ann"})
    equal(ann.next(room), "to Ann")
    event = unique("all")
    ann.emit("to all", {"event": event, "body": 1})
    equal([client.next(event) for client in (ann, bob, eve)], [1] * 3)
    equal([len(client.all(room)) for client in (ann, bob, eve)], [2, 2, 0])


def leaves(session):
    """leaves, and the server says why"""
    watcher = session.connect(["/gone"])
    client = session.connect()
    name = client.named()
    client.io.disconnect()
    gone = watcher.next("gone", "/gone", lambda who: who["name"] == name)
    # It says so and closes the connection, in two threads.
    assert gone["reason"] in ("client namespace disconnect", "transport close"), gone


def is_disconnected(session):
    """is disconnected by the server, from one namespace or from all"""
    watcher = session.connect(["/gone"])
    for event, stays in [("disconnect me", True), ("close me", False)]:
        client = session.connect(["/", "/other"])
        name = client.named()
        client.emit(event)
        equal(client.next("last words"), name)
        client.next("disconnect")
        gone = watcher.next("gone", "/gone", lambda who: who["name"] == name)
        equal(gone["reason"], "server namespace disconnect")
        if stays:
            equal(client.ask("echo", "still here", "/other"), "still here")
        else:
            client.next("disconnect", "/other")


def reconnects(session):
    """reconnects by itself, as another client"""
    # The write loop of polling sees the end, its read loop waits on: whether it comes back is left to chance.
    if session.transport == "polling":
        return
    client = session.connect(reconnection=True)
    first = client.next("welcome")["id"]
    client.next("connect")
    # Cut off for a body over the limit.
    client.emit("say", "a" * (MAX_BYTES + 1))
    client.next("disconnect")
    client.next("connect")
    again = client.next("welcome")["id"]
    assert again != first
    equal(client.io.get_sid("/"), again)


def sends_large_bodies(session):
    """sends and receives bodies up to the limit"""
    client = session.connect()
    text = "a" * (MAX_BYTES - AROUND)
    assert client.ask("echo", text) == text
    # Base64 makes four bytes of three.
    binary = bytes([7]) * (MAX_BYTES * 3 // 4 - AROUND)
    assert client.ask("echo", binary) == binary


def is_cut_off(session):
    """is cut off over the limit, others are not"""
    client, other = session.connect(), session.connect()
    client.emit("say", "a" * (MAX_BYTES + 1))
    client.next("disconnect")
    equal(client.all("said"), [])
    equal(other.ask("echo", 1), 1)


def stays(session):
    """stays connected by heartbeats"""
    client = session.connect()
    client.next("welcome")
    for _ in range(4):
        client.pings.get(timeout=WAIT)
    equal(client.ask("echo", "still here"), "still here")
    equal(client.all("disconnect"), [])


CHECKS = [
    connects,
    joins_namespaces,
    is_refused,
    emits,
    is_acknowledged,
    acknowledges,
    sends_bytes,
    takes_part_in_rooms,
    leaves,
    is_disconnected,
    reconnects,
    sends_large_bodies,
    is_cut_off,
    stays,
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--transport", choices=TRANSPORTS, default="default")
    arguments = parser.parse_args()
    failed = 0
    for check in CHECKS:
        session = Session(arguments.url, arguments.transport)
        try:
            check(session)
            session.check_transports()
            print(f"ok   {check.__doc__}", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL {check.__doc__}\n{traceback.format_exc()}", flush=True)
        finally:
            session.close()
    print(f"{len(CHECKS) - failed} passed, {failed} failed", flush=True)
    # Threads of clients that could not be closed must not keep the run alive.
    os._exit(1 if failed else 0)


if __name__ == "__main__":
    main()
