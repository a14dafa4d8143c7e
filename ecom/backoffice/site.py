"""The site of the backoffice: who gets in, and what the first page shows."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.sites import UnfoldAdminSite

from ecom.backoffice.figures import figures_for


class BackofficeSite(UnfoldAdminSite):  # type: ignore[misc] # unfold brings no types
    """Django's admin, for staff whose password and second factor are both verified."""

    index_title = "Overview"
    index_template = "backoffice/index.html"

    def has_password(self, request: HttpRequest) -> bool:
        """Whether somebody of staff has signed in with a password."""
        return bool(super().has_permission(request))

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether this person may see anything but the pages that ask for password and second factor."""
        return self.has_password(request) and request.user.is_verified()  # type: ignore[union-attr] # django_otp adds it

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Where everybody comes who lacks something: the password first, then the second factor."""
        if request.method == "GET" and self.has_password(request) and not self.has_permission(request):
            query = urlencode({"next": request.GET.get("next", "")})
            return HttpResponseRedirect(f"{reverse('admin:second_factor')}?{query}")
        page: HttpResponse = super().login(request, extra_context)
        return page

    def extra_urls(self) -> list[URLPattern]:
        """The pages of the second factor, and a way out for who cannot go on."""
        from ecom.backoffice import second_factor_views as views  # the models of django_otp, loaded after this site

        return [
            path("logout/", self.logout, name="logout"),
            path("second-factor/", views.ask, name="second_factor"),
            path("second-factor/backup-codes/", self.admin_view(views.backup_codes), name="backup_codes"),
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The first page: figures, and what this person did last."""
        figures = list(figures_for(request, self._registry))
        page: TemplateResponse = super().index(request, {"figures": figures, **(extra_context or {})})
        return page
