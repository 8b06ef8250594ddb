"""Further figures of an account that no single rule makes: the environmental tax, what is subject to it, and figures
with an estimate for the absent. `accounts` asks here before it asks the engine."""

from typing import Protocol

from xietong.accounting.books import EMITTED, Books
from xietong.accounting.tax import KEY as TAX
from xietong.accounting.tax import TAXED, environmental_tax, taxed_amount
from xietong.calc.figures import Figure
from xietong.park.nouns import Subject
from xietong.periods import Period


class AccountLike(Protocol):
    """The account of a subject and period."""

    books: Books
    subject: Subject

    @property
    def period(self) -> Period: ...
    def figure(self, key: str) -> Figure: ...


def further(account: AccountLike, key: str) -> Figure | None:
    """The figure of such a key; None for any other."""
    if key == TAX:
        return environmental_tax(account.books, account.subject, account.period)
    if key.endswith(TAXED) and key.removesuffix(TAXED) in EMITTED:
        return taxed_amount(account.books, account.subject, key.removesuffix(TAXED), account.period)
    return None
