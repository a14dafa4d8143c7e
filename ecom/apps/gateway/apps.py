from django.apps import AppConfig

from ecom.common.metrics import AT_SCRAPE


class GatewayConfig(AppConfig):
    name = "ecom.apps.gateway"
    label = "gateway"

    def ready(self) -> None:
        from ecom.apps.gateway.freshness_metrics import AnalyticsFreshness

        AT_SCRAPE.register(AnalyticsFreshness())

    def stop_serving(self) -> None:
        """Called by each process that has answered requests, at its end."""
        from ecom.apps.gateway.streams import streams

        streams().end()
