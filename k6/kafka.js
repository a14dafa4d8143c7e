/** What Kafka saw of a run, by activity's metrics and by Flink's REST: acknowledged events, their time, the job's lag. */

import { sleep } from "k6";
import http from "k6/http";
import { Gauge, Trend } from "k6/metrics";
import { FLINK, METRICS } from "./options.js";

const ACKNOWLEDGED = new Gauge("kafka_acknowledged_events_per_second");
const ACKNOWLEDGEMENT_P95 = new Gauge("kafka_acknowledgement_p95", true);
const LAG = new Trend("kafka_consumer_lag_records");

/** The state before the run: for the other two functions. */
export function begin() {
  return { ...seen(), lag: lagAddress() };
}

/** Observe the records that the job has not read yet. */
export function sample(begun) {
  const [found] = http.get(begun.lag).json();
  if (found) LAG.add(found.sum);
}

/** What changed since: recorded as metrics, and said in one line. */
export function report(begun) {
  const now = seen();
  const rate = (now.accepted - begun.accepted) / ((now.at - begun.at) / 1000);
  ACKNOWLEDGED.add(rate);
  console.log(`Kafka acknowledged ${rate.toFixed(1)} events/s`);
  const p95 = quantile(0.95, Object.entries(now.times).map(([bound, count]) => [bound, count - (begun.times[bound] || 0)]));
  if (p95 === undefined) return;
  ACKNOWLEDGEMENT_P95.add(p95 * 1000);
  console.log(`Kafka acknowledged 95 % of the requests within ${(p95 * 1000).toFixed(1)} ms`);
}

/** Accepted events, and how many requests took up to each bound (seconds, `+Inf`). */
function seen() {
  const text = http.get(METRICS).body;
  const samples = (name, label) =>
    Object.fromEntries(
      [...text.matchAll(new RegExp(`^${name}\\{${label}="([^"]+)"\\} (\\S+)$`, "gm"))].map(([, value, count]) => [value, Number(count)]),
    );
  const { accepted = 0 } = samples("ecom_activity_events_total", "outcome");
  return { at: Date.now(), accepted, times: samples("ecom_activity_acknowledgement_seconds_bucket", "le") };
}

/** As PromQL's histogram_quantile: linear within its bucket, the last finite bound for what is beyond it. */
function quantile(share, counts) {
  const buckets = counts.map(([bound, count]) => [bound === "+Inf" ? Infinity : Number(bound), count]);
  buckets.sort(([one], [other]) => one - other);
  const wanted = share * Math.max(0, ...counts.map(([, count]) => count));
  let [below, before] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= wanted && count > before) {
      return bound === Infinity ? below : below + ((bound - below) * (wanted - before)) / (count - before);
    }
    [below, before] = [bound, count];
  }
  return undefined;
}

/** Where Flink tells how many records its source has not read yet, all subtasks together. */
function lagAddress() {
  const job = http.get(`${FLINK}/jobs/overview`).json().jobs.find((each) => each.state === "RUNNING");
  if (!job) throw new Error(`no job runs on the Flink cluster at ${FLINK}`);
  const [source] = http.get(`${FLINK}/jobs/${job.jid}`).json().vertices.filter((each) => each.name.startsWith("Source"));
  const metrics = `${FLINK}/jobs/${job.jid}/vertices/${source.id}/subtasks/metrics`;
  const lag = eventually(() => http.get(metrics).json().find((each) => each.id.endsWith("pendingRecords")));
  if (!lag) throw new Error(`the source at ${metrics} tells no pendingRecords`);
  return `${metrics}?get=${encodeURIComponent(lag.id)}&agg=sum`;
}

/** Flink fetches its metrics when somebody asks for them: the first to ask may be told none. */
function eventually(find) {
  for (let tries = 0; tries < 20; tries++) {
    const found = find();
    if (found) return found;
    sleep(0.5);
  }
  return undefined;
}
