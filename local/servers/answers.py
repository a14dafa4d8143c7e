"""Whether an address answers HTTP."""

import http.client
import urllib.error
import urllib.request


def answers_http(url: str, *, timeout: float = 2) -> bool:
    """True when the address gives any HTTP answer, an error status included."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        direct.open(url, timeout=timeout).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, http.client.HTTPException):
        return False
    return True
