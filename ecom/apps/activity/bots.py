"""Known bots, by what they call themselves: the list of the crawler-user-agents project."""

from functools import lru_cache

from crawleruseragents import is_crawler  # type: ignore[import-untyped]

MAX_USER_AGENT_LENGTH = 512  # the patterns are searched for in the whole text


def is_known_bot(user_agent: str) -> bool:
    """True for crawlers, previews, monitors and scripts that say so. Those that lie are the firewall's."""
    return _is_known_bot(user_agent[:MAX_USER_AGENT_LENGTH])


@lru_cache(maxsize=4096)
def _is_known_bot(user_agent: str) -> bool:
    return bool(is_crawler(user_agent))
