"""Objects of an engine by the name or ID in an address."""


class NameConverter:
    """`<name:volume>` in an address: Docker's rule for names, which IDs obey as well.

    No slash, and no dot at the beginning: it can't climb out of the engine's path.
    """

    regex = "[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
