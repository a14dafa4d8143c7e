/** The shop's public requests, each with the check that it was answered as it should. */

import { check } from "k6";
import http from "k6/http";
import { EVENTS_TOKEN, TARGET } from "./options.js";

const ADDRESS = {
  recipient: "Ada Lovelace", line1: "12 St James's Square", postal_code: "SW1Y 4JH", city: "London", country: "GB",
};

/** A page of products. */
export function listProducts() {
  return answered(http.get(`${TARGET}/products?limit=20`, named("/products")), 200, (body) => body.results.length > 0);
}

/** One product. */
export function viewProduct(product) {
  const answer = http.get(`${TARGET}/products/${product}`, named("/products/{product_id}"));
  return answered(answer, 200, (body) => body.product_id === product);
}

/** Put one unit into a cart: a guest's by its token (empty: a new one's), or a customer's. Returns the cart's token. */
export function addToCart(product, headers) {
  const answer = post("/cart/add", { product_id: product, quantity: 1 }, headers);
  return answered(answer, 200, (body) => body.item_count > 0).cart_token;
}

/** Order one unit of a product. */
export function order(product, customer) {
  const body = { delivery_address: ADDRESS, items: [{ product_id: product, quantity: 1 }] };
  const answer = post("/orders", body, { ...bearer(customer), "Idempotency-Key": crypto.randomUUID() });
  return answered(answer, 201, (placed) => placed.order_id !== undefined);
}

/** Tell what a shopper did; answered when Kafka has it. */
export function tell(type, product, user) {
  const event = { user_id: user, product_id: product, event_type: type, timestamp: new Date().toISOString() };
  return answered(post("/activity/event", event, bearer(EVENTS_TOKEN[0])), 202, (body) => body.event_id !== undefined);
}

/** The newest minute's products. */
export function trending() {
  const answer = http.get(`${TARGET}/analytics/trending?limit=10`, named("/analytics/trending"));
  return answered(answer, 200, (body) => Array.isArray(body.results));
}

/** The header of whoever has this token. */
export function bearer(token) {
  return { Authorization: `Bearer ${token}` };
}

function post(path, body, headers) {
  const parameters = named(path);
  parameters.headers = { ...parameters.headers, "Content-Type": "application/json", ...headers };
  return http.post(`${TARGET}${path}`, JSON.stringify(body), parameters);
}

/** Requests of one kind are one series, whatever their path. */
function named(name) {
  return { tags: { name }, headers: { "User-Agent": "ecom-load-test" }, timeout: "20s" };
}

function answered(answer, status, holds) {
  const body = answer.status === status ? answer.json() : {};
  check(answer, { "answered as it should": () => answer.status === status && holds(body) });
  return body;
}
