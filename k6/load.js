/** The load test: `k6 run -e TARGET=… -e DATA=… k6/load.js`, or `make load` against the embedded stack. */

import { sleep } from "k6";
import { begin, report, sample } from "./kafka.js";
import { CUSTOMERS, FLINK, METRICS, PRODUCTS, PROFILE, RATE, RUN, anyOf } from "./options.js";
import { scenarios, secondsOf } from "./profiles.js";
import * as shop from "./shop.js";
import { thresholds } from "./thresholds.js";

const WATCH = { executor: "constant-vus", vus: 1, duration: `${secondsOf(PROFILE)}s`, exec: "kafka", gracefulStop: "5s" };

const WARM_UP_ROUNDS = 6;

export const options = {
  scenarios: { ...scenarios(RUN, PROFILE, RATE), ...(METRICS && FLINK ? { kafka: WATCH } : {}) },
  thresholds: thresholds(RUN),
  summaryTrendStats: ["avg", "p(50)", "p(95)", "p(99)", "max"],
};

/** A first few of every request, which wait for connections that a process makes once: they count for no scenario. */
export function setup() {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    for (const scenario of [products, cart_add, orders, activity_event]) scenario();
  }
  return METRICS && FLINK ? begin() : {};
}

export function teardown(begun) {
  if (METRICS && FLINK) report(begun);
}

/** Looks once a second how far the Flink job is behind. */
export function kafka(begun) {
  sample(begun);
  sleep(1);
}

export function products() {
  shop.listProducts();
  shop.viewProduct(anyOf(PRODUCTS));
}

/** A guest's new cart, and a second product in it. */
export function cart_add() {
  const token = shop.addToCart(anyOf(PRODUCTS), {});
  if (token) shop.addToCart(anyOf(PRODUCTS), { "X-Cart-Token": token });
}

export function orders() {
  shop.order(anyOf(PRODUCTS), anyOf(CUSTOMERS));
}

export function activity_event() {
  shop.tell("VIEW_PRODUCT", anyOf(PRODUCTS), someUser());
}

/** A visit: two products looked at, a third of them with a cart, a tenth with an order; its page tells of each step. */
export function journey() {
  const [user, product] = [someUser(), anyOf(PRODUCTS)];
  shop.listProducts();
  for (const seen of [anyOf(PRODUCTS), product]) {
    think();
    shop.viewProduct(seen);
    shop.tell("VIEW_PRODUCT", seen, user);
  }
  shop.trending();
  const resolve = Math.random();
  if (resolve < 0.33) {
    think();
    shop.addToCart(product, {});
    shop.tell("ADD_TO_CART", product, user);
  }
  if (resolve < 0.1) {
    think();
    shop.order(product, anyOf(CUSTOMERS));
    shop.tell("PURCHASE", product, user);
  }
}

function someUser() {
  return `U${Math.floor(Math.random() * 100_000)}`;
}

/** The time until a shopper's next click, in a hurry. */
function think() {
  sleep(0.5 + Math.random());
}
