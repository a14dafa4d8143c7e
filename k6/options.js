/** What a run is told from outside: `k6 run -e NAME=value`. A missing or malformed value stops the run by its name. */

import { SharedArray } from "k6/data";
import { PROFILES, SCENARIOS } from "./profiles.js";

function given(name, byDefault) {
  const value = __ENV[name] || byDefault;
  if (value === undefined) throw new Error(`${name} is missing; see k6/README.md`);
  return value;
}

function chosen(name, byDefault, among) {
  const value = given(name, byDefault);
  if (!among.includes(value)) throw new Error(`${name} is "${value}"; it must be one of ${among.join(", ")}`);
  return value;
}

function positive(name, byDefault) {
  const value = Number(given(name, byDefault));
  if (!(value > 0)) throw new Error(`${name} is "${__ENV[name]}"; it must be a number above 0`);
  return value;
}

export const PROFILE = chosen("PROFILE", "smoke", PROFILES);
/** The scenarios of this run: all, or one. */
export const RUN = SCENARIOS.filter((name) => ["all", name].includes(chosen("SCENARIO", "all", ["all", ...SCENARIOS])));
/** How many times the ordinary rates of profiles.js. */
export const RATE = positive("RATE", 1);
/** The gateway's address, without a slash at its end. */
export const TARGET = given("TARGET");
/** Activity's /metrics and the Flink job's REST address: where is read what Kafka saw. Empty: it is not. */
export const METRICS = __ENV.METRICS || "";
export const FLINK = __ENV.FLINK || "";

/** DATA is a JSON file: {"products": [id…], "customers": [token…], "events_token": token}. */
function list(name) {
  return new SharedArray(name, () => [JSON.parse(open(given("DATA")))[name]].flat());
}

export const PRODUCTS = list("products");
export const CUSTOMERS = list("customers");
export const EVENTS_TOKEN = list("events_token");

/** One of them, each as likely. */
export function anyOf(array) {
  return array[Math.floor(Math.random() * array.length)];
}
