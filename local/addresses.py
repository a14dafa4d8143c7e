"""What a ready stack tells the person who started it."""

from local.stack import Stack


def where_to_look(stack: Stack) -> str:
    """The addresses and first commands, as text. Without a name of its own curl is counted among the bots."""
    gateway = stack.url("gateway")
    offset = f"PORT_OFFSET={stack.offset} " if stack.offset else ""
    clock = "Recorded time: no simulated shoppers, no heartbeats.\n" if stack.recorded_time else ""
    return f"""
{clock}Dashboard      {gateway}/dashboard
API            {gateway}/docs
Products       curl '{gateway}/products?limit=3'
Send an event  curl {gateway}/activity/event -H 'Content-Type: application/json' -d '{{"user_id": "U109",
                 "product_id": "P301", "event_type": "VIEW_PRODUCT", "timestamp": "'$(date -u +%FT%TZ)'"}}'
Analytics      curl '{gateway}/analytics/trending?window=newest&limit=10'
               curl '{gateway}/analytics/products/P301'
Backoffice     {stack.url("backoffice")}/admin/
Flink          {stack.url("flink")}
Logs           {stack.directory}/logs    (make logs NAME=gateway)
Stop           {offset}make stop         (Ctrl-C where it runs in the foreground)
"""
