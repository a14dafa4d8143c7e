"""A client may bring only so many different users a minute."""

import pytest
from django.test import Client

from ecom.apps.activity import services
from ecom.apps.activity.new_users import MAX_CLIENTS, NewUserLimit
from tests.tokens import token

EVENT = {"product_id": "P1", "event_type": "VIEW_PRODUCT", "timestamp": "2025-11-23T12:40:09Z"}


@pytest.fixture
def limited(topic, settings):
    settings.NEW_USERS_PER_MINUTE = 3
    services._new_user_limit.cache_clear()
    yield Client(REMOTE_ADDR="10.0.0.1")
    services._new_user_limit.cache_clear()


def post(client, user_id, **headers):
    event = {**EVENT, "user_id": user_id}
    return client.post("/activity/event", event, content_type="application/json", headers=headers)


def test_the_fourth_different_user_of_a_minute_is_429_and_the_first_three_go_on(limited):
    assert [post(limited, f"U{number}").status_code for number in (1, 2, 3, 1, 2, 3)] == [202] * 6
    refused = post(limited, "U4")
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused.json()["event_id"]
    assert post(limited, "U1").status_code == 202


def test_in_a_batch_those_over_the_limit_may_be_sent_again_later(limited):
    batch = [{**EVENT, "user_id": f"U{number}"} for number in range(5)]
    answer = limited.post("/activity/events", batch, content_type="application/json").json()
    assert [result["outcome"] for result in answer["results"]] == ["accepted"] * 3 + ["retry"] * 2
    assert answer["results"][4]["reason"] == "too_many_users"
    alone = limited.post("/activity/events", batch[3:], content_type="application/json")
    assert alone.status_code == 429
    assert len(alone.json()["results"]) == 2


def test_a_service_account_is_free_of_the_limit(limited):
    bearer = token("replay", kind="service", scope="activity:any")
    answers = [post(limited, f"U{number}", authorization=f"Bearer {bearer}") for number in range(10)]
    assert {answer.status_code for answer in answers} == {202}


def test_the_client_is_the_last_address_that_was_forwarded_and_not_what_it_claims(limited):
    for number in range(3):
        assert post(limited, f"U{number}", x_forwarded_for=f"198.51.100.{number}, 203.0.113.7").status_code == 202
    assert post(limited, "U9", x_forwarded_for="198.51.100.99, 203.0.113.7").status_code == 429
    assert post(limited, "U9", x_forwarded_for="203.0.113.7, 203.0.113.8").status_code == 202


def test_an_ipv6_client_is_its_network(limited):
    for number in range(3):
        assert post(limited, f"U{number}", x_forwarded_for=f"2001:db8:1:2::{number}").status_code == 202
    assert post(limited, "U9", x_forwarded_for="2001:db8:1:2:ffff::1").status_code == 429
    assert post(limited, "U9", x_forwarded_for="2001:db8:1:3::1").status_code == 202


def test_what_is_no_address_counts_as_the_peers(limited):
    for number in range(3):
        assert post(limited, f"U{number}", x_forwarded_for=f"unknown-{number}").status_code == 202
    assert post(limited, "U9").status_code == 429


def test_after_a_minute_new_users_are_welcome():
    now = 0.0
    limit = NewUserLimit(1, clock=lambda: now)
    assert limit.seconds_to_wait("a", "U1") == 0
    assert limit.seconds_to_wait("a", "U2") == 60
    now = 45.0
    assert limit.seconds_to_wait("a", "U2") == 15
    now = 60.0
    assert limit.seconds_to_wait("a", "U2") == 0


def test_memory_is_bounded_by_forgetting_the_client_that_was_idle_longest():
    limit = NewUserLimit(1)
    limit.seconds_to_wait("first", "U1")
    for number in range(MAX_CLIENTS):
        limit.seconds_to_wait(f"client {number}", "U1")
    assert len(limit._clients) == MAX_CLIENTS
    assert limit.seconds_to_wait("first", "U2") == 0
