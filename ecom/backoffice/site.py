"""The site of the backoffice: who gets in, and what the first page shows."""

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from unfold.sites import UnfoldAdminSite

from ecom.backoffice.figures import figures_for


class BackofficeSite(UnfoldAdminSite):  # type: ignore[misc] # unfold brings no types
    """Django's admin as unfold dresses it."""

    index_title = "Overview"
    index_template = "backoffice/index.html"
    enable_nav_sidebar = True

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The first page: figures, and what this person did last."""
        figures = list(figures_for(request, self._registry))
        page: TemplateResponse = super().index(request, {"figures": figures, **(extra_context or {})})
        return page
