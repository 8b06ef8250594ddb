"""Room: connections in the order in which they were heard, and which of them makes way where there are too many.

A device whose power or network failed leaves a connection behind that nobody ended, and then comes again. So it is
never the newcomer who is turned away. Nothing but names and order here.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Held(Protocol):
    """What is needed of a connection."""

    @property
    def peer(self) -> str:
        """The address that it comes from."""


Some = TypeVar("Some", bound=Held)


class Room(Generic[Some]):
    """Takes a moment that does not grow with the number of connections, whatever happens.

    most: connections in all; most_a_peer: of one address.
    """

    def __init__(self, most: int, most_a_peer: int) -> None:
        self._most, self._most_a_peer = most, most_a_peer
        self._all: OrderedDict[Some, None] = OrderedDict()
        self._peers: dict[str, OrderedDict[Some, None]] = {}
        self._greedy = ""

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Some]:
        return iter(self._all)

    def of(self, peer: str) -> int:
        """How many connections an address has."""
        return len(self._peers.get(peer, ()))

    def enter(self, newcomer: Some) -> Some | None:
        """Take it in; answers the one that has to go for it, and is here no longer.

        That is the one silent longest of the newcomer's own address; of an address that has more than half of all
        where the newcomer's has no other; of all where there is no such address.
        """
        own = self._peers.setdefault(newcomer.peer, OrderedDict())
        held: OrderedDict[Some, None] | None = None
        if len(own) >= self._most_a_peer:
            held = own
        elif len(self._all) >= self._most:
            held = own or (self._peers[self._greedy] if self.of(self._greedy) * 2 > self._most else self._all)
        goes = next(iter(held)) if held else None
        self._all[newcomer] = own[newcomer] = None
        if len(own) * 2 > self._most:
            self._greedy = newcomer.peer
        if goes is not None:
            self.leave(goes)
        return goes

    def heard(self, connection: Some) -> None:
        """It has said something."""
        if connection in self._all:
            self._all.move_to_end(connection)
            self._peers[connection.peer].move_to_end(connection)

    def leave(self, connection: Some) -> None:
        """Forget it, where it is here."""
        if connection in self._all:
            del self._all[connection]
            own = self._peers[connection.peer]
            del own[connection]
            if not own:
                del self._peers[connection.peer]
