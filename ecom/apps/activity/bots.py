"""Known bots, by what they call themselves: the list of the crawler-user-agents project.

Its entries for HTTP libraries (curl, okhttp, python-requests) are left out: shops' own apps and API clients use them.
"""

import re
from functools import lru_cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]

MAX_USER_AGENT_LENGTH = 512  # the patterns are searched for in the whole text
_BOT = re.compile(
    "|".join(entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA if "http-library" not in entry.get("tags", ()))
)


def is_known_bot(user_agent: str) -> bool:
    """True for crawlers, previews and monitors that say so. Those that lie are the firewall's."""
    return _is_known_bot(user_agent[:MAX_USER_AGENT_LENGTH])


@lru_cache(maxsize=4096)
def _is_known_bot(user_agent: str) -> bool:
    return _BOT.search(user_agent) is not None
