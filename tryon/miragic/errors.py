"""What can go wrong, by what the caller may do about it."""


class MiragicError(Exception):
    """Base of all; `status` is the HTTP status if there was an answer."""

    def __init__(self, detail: str, *, status: int | None = None, code: str = ""):
        detail = detail.replace("\0", "")  # PostgreSQL stores no such character
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.code = code


class NotArrived(MiragicError):
    """Certainly created nothing: the same request may be sent again later."""


class MayHaveArrived(MiragicError):
    """No clear answer: a submit may have been charged and must not be repeated."""


class Refused(MiragicError):
    """Refused for good: the same request will be refused again."""


class RateLimited(MiragicError):
    """Too many requests; wait `retry_after` seconds if it is given."""

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        code: str = "",
        retry_after: float | None = None,
    ):
        super().__init__(detail, status=status, code=code)
        self.retry_after = retry_after


class KeyRefused(MiragicError):
    """The API does not take this key: stop using it until somebody has looked."""


class OutOfCredits(MiragicError):
    """The key's account is empty: stop submitting with it."""


class ResultUnavailable(MiragicError):
    """This address has no picture for us; `final` if it never can have one."""

    def __init__(self, detail: str, *, status: int | None = None, final: bool = False):
        super().__init__(detail, status=status)
        self.final = final

    @property
    def hope(self) -> int:
        """That the picture is to be had all the same: none, by asking, by waiting."""
        return 0 if self.final else 1


class ResultOutOfReach(ResultUnavailable):
    """An outage on the way, ours or theirs: it says nothing of the address."""

    hope = 2
