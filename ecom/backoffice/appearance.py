"""How the backoffice looks: unfold's settings."""

UNFOLD = {
    "SITE_TITLE": "ecom backoffice",
    "SITE_HEADER": "ecom",
    "SITE_SUBHEADER": "Backoffice",
    "SITE_SYMBOL": "storefront",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "/static/backoffice/icon.svg"}],
    "SHOW_BACK_BUTTON": True,
    "SIDEBAR": {"navigation": "ecom.backoffice.navigation.sections"},
    "ACCOUNT": {"navigation": "ecom.backoffice.navigation.account_links"},
    "COLORS": {
        "primary": {  # the dashboard's indigo
            "50": "oklch(96.2% .018 272.3)",
            "100": "oklch(93% .034 272.8)",
            "200": "oklch(87% .065 274)",
            "300": "oklch(78.5% .115 274.7)",
            "400": "oklch(67.3% .182 276.9)",
            "500": "oklch(58.5% .233 277.1)",
            "600": "oklch(51.1% .262 277)",
            "700": "oklch(45.7% .24 277)",
            "800": "oklch(39.8% .195 277.4)",
            "900": "oklch(35.9% .144 278.7)",
            "950": "oklch(25.7% .09 281.3)",
        }
    },
}
