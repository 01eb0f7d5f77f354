"""Tokens, as the API shows them."""

from datetime import datetime
from typing import Annotated, Any

from ninja import Field, Schema
from pydantic import AwareDatetime, ConfigDict, StringConstraints

Scope = Annotated[str, StringConstraints(max_length=32, pattern=r"^(?:\*|[a-z-]+)$")]


class TokenShown(Schema):
    """A token, without its secret."""

    prefix: str
    name: str
    scopes: list[str]
    created: datetime
    expires: datetime | None
    last_used: datetime | None = Field(description="To the minute")


class TokenMade(TokenShown):
    """A token that has just been made."""

    secret: str = Field(description="Shown this once")


class TokenOrder(Schema):
    """A token to make. It can have no scope that whoever makes it has not."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=32, examples=[["see", "logs"]])]
    expires: AwareDatetime | None = None


class Myself(Schema):
    """Who asks."""

    user: str
    token: TokenShown | None
    scopes: list[str]

    @staticmethod
    def resolve_user(principal: Any) -> str:
        return str(principal.user.username)

    @staticmethod
    def resolve_scopes(principal: Any) -> list[str]:
        return sorted(principal.scopes)
