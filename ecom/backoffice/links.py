"""Links from one context's pages to another's lists: contexts meet by public ids here too, and never join."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html


def link_to_list(label: str, text: str, **filters: str) -> str:
    """A link to the rows of the model `app.model` that these filters leave."""
    place = reverse(f"admin:{label.replace('.', '_')}_changelist")
    return format_html(
        '<a class="text-primary-600 underline dark:text-primary-500" href="{}?{}">{}</a>',
        place,
        urlencode(filters),
        text,
    )
