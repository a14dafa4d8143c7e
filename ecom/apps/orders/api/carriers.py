"""How a guest's cart token travels: in the header `X-Cart-Token`, or in a cookie that no script can read."""

from rest_framework.request import Request
from rest_framework.response import Response

from ecom.apps.orders.cart_tokens import cart_id_of, cart_token
from ecom.apps.orders.selectors import Owner
from ecom.common.authentication import Principal

HEADER = "HTTP_X_CART_TOKEN"
COOKIE_NAME = "ecom_cart"
MAX_AGE_SECONDS = 30 * 24 * 3600
MAX_TOKEN_LENGTH = 100


def owner_of(request: Request) -> Owner:
    """Whose cart the request is about. A token that is not ours is none: its bearer is a guest without a cart."""
    token = request.META.get(HEADER) or request.COOKIES.get(COOKIE_NAME, "")
    guest_cart = cart_id_of(token) if 0 < len(token) <= MAX_TOKEN_LENGTH else None
    customer_id = request.user.subject if isinstance(request.user, Principal) else None
    return Owner(customer_id, guest_cart)


def carry(request: Request, response: Response, guest_cart: str | None) -> None:
    """What changes a guest's cart gives its token for another 30 days. Who has signed in needs none any more."""
    if guest_cart and request.method not in ("GET", "HEAD"):
        response.set_cookie(
            COOKIE_NAME,
            cart_token(guest_cart),
            max_age=MAX_AGE_SECONDS,
            path="/",
            secure=True,
            httponly=True,
            samesite="Lax",
        )
    elif isinstance(request.user, Principal) and COOKIE_NAME in request.COOKIES:
        response.delete_cookie(COOKIE_NAME, path="/", samesite="Lax")
