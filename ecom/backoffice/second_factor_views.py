"""The pages between the password and the backoffice: enrolment, verification, backup codes."""

from typing import Any

import django_otp
import qrcode
from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from qrcode.image.svg import SvgPathImage
from unfold.widgets import UnfoldAdminTextInputWidget

from ecom.backoffice import second_factor
from ecom.backoffice.history import record

_KEY = "second_factor_key"  # of the app that is being enrolled: in the session, so that no other sign-in sees it


class CodeForm(forms.Form):
    """One code, from the app or from the backup codes."""

    code = forms.CharField(
        max_length=20,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )


@never_cache
@sensitive_post_parameters("code")
def ask(request: HttpRequest) -> HttpResponse:
    """The step after the password: enrolment for who has no app yet, verification for others."""
    site: Any = admin.site
    if not site.has_password(request):
        return HttpResponseRedirect(f"{reverse('admin:login')}?next={_next(request)}")
    if site.has_permission(request):
        return HttpResponseRedirect(_next(request))
    if second_factor.is_enrolled(_account(request)):
        return _verify(request)
    return _enrol(request)


@sensitive_post_parameters()
def backup_codes(request: HttpRequest) -> HttpResponse:
    """Other backup codes, on demand."""
    account = _account(request)
    if request.method == "POST":
        codes = second_factor.new_backup_codes(account=account)
        record(request, [account], "Made new backup codes.")
        return _page(request, "codes", title="Backup codes", codes=codes)
    return _page(request, "new_codes", title="Backup codes", left=second_factor.backup_codes_left(account))


def _verify(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            device = second_factor.verify(account=_account(request), code=form.cleaned_data["code"])
        except second_factor.WrongCode:
            form.add_error("code", "This is not the code of now, or it was used before.")
        except second_factor.MustWait as error:
            form.add_error("code", f"Too many wrong codes. Wait {error.seconds:.0f} seconds.")
        else:
            return _verified(request, device)
    return _page(request, "verify", title="Second factor", form=form)


def _verified(request: HttpRequest, device: Any) -> HttpResponse:
    _elevate(request, device)
    if device.name == second_factor.BACKUP_CODES:
        left = second_factor.backup_codes_left(_account(request))
        record(request, [_account(request)], "Signed in with a backup code.")
        messages.warning(request, f"This backup code is used up. You have {left} left.")
    return HttpResponseRedirect(_next(request))


def _enrol(request: HttpRequest) -> HttpResponse:
    key = request.session.setdefault(_KEY, second_factor.new_app(_account(request)).key)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            device, codes = second_factor.enrol(account=_account(request), key=key, code=form.cleaned_data["code"])
        except second_factor.WrongCode:
            form.add_error("code", "This is not the code of now. Is the clock of your phone right?")
        except second_factor.AlreadyEnrolled:
            return HttpResponseRedirect(request.get_full_path())
        else:
            return _enrolled(request, device, codes)
    app = second_factor.new_app(_account(request), key)
    return _page(
        request, "enrol", title="Second factor", form=form, picture=_picture(app.config_url), secret=_secret(app)
    )


def _enrolled(request: HttpRequest, device: Any, codes: list[str]) -> HttpResponse:
    del request.session[_KEY]
    _elevate(request, device)
    record(request, [_account(request)], "Enrolled a second factor.")
    return _page(request, "codes", title="Backup codes", codes=codes)


def _elevate(request: HttpRequest, device: Any) -> None:
    """The session may do more from now on, so whoever knew its id before must not."""
    request.session.cycle_key()
    django_otp.login(request, device)


def _page(request: HttpRequest, name: str, **context: Any) -> TemplateResponse:
    context = {**admin.site.each_context(request), "next": _next(request), **context}
    return TemplateResponse(request, f"backoffice/second_factor/{name}.html", context)


def _account(request: HttpRequest) -> Any:
    return request.user


def _next(request: HttpRequest) -> str:
    """Where to go then: a page of the backoffice."""
    place = request.GET.get("next", "")
    index = reverse("admin:index")
    safe = url_has_allowed_host_and_scheme(place, {request.get_host()}, require_https=request.is_secure())
    return place if safe and place.startswith(index) else index


def _picture(text: str) -> SafeString:
    """A QR code as SVG."""
    drawing: str = qrcode.make(text, image_factory=SvgPathImage, border=2).to_string(encoding="unicode")
    return mark_safe(drawing)  # noqa: S308 - our own


def _secret(app: Any) -> str:
    """The key as one types it into an app that cannot see the picture."""
    text = app.config_url.partition("secret=")[2].partition("&")[0]
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
