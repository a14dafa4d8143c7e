// The dashboard: trending products, one product's series, and how fresh both are, told by the gateway's stream; where
// that is not open, asked for again every few seconds (which costs a 304 while nothing is new).

import { Unavailable, minuteText, series, titles, trending } from "./analytics.js";
import { Chart } from "./chart.js";
import { Stream } from "./stream.js";

const POLL_MS = 3_000;
const LONGEST_PAUSE_MS = 60_000;
const SHOWN_PRODUCTS = 12;
const KNOWN_TITLES = 2_000;
const MINUTE_MS = 60_000;
const SPANS = ["30", "60", "180", "720", "1440"];

const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en");
const clock = (time) => time.slice(11, 16);
const range = (from, to) => `${from.slice(0, 10) === new Date().toISOString().slice(0, 10) ? "" : `${from.slice(0, 10)} `}${clock(from)}–${clock(to)} UTC`;
const chart = new Chart($("chart"));

const view = readAddress();
const known = new Map(); // titles by product; null for one that has none, or none at the moment
let rows = [];
let minutes = { product: null, points: [] }; // the series, oldest first
let freshness = null;
let freshnessAt = 0;
let failures = 0;
let timer = 0;
let round = 0;

const stream = new Stream({
  opened() {
    if (!failures) clearTimeout(timer);
    showSource();
  },
  interrupted() {
    plan(POLL_MS);
    showSource();
  },
  trending(answer) {
    takeTrending(answer);
    if (failures) refresh();
  },
  series: tellSeries,
  unavailable: (problem) => fail(new Unavailable(problem.detail, problem)),
});

function readAddress() {
  const query = new URLSearchParams(location.search);
  const window = new Date(query.get("window") ?? NaN);
  return {
    product: query.get("product")?.slice(0, 64) || null,
    window: Number.isNaN(window.getTime()) ? null : minuteText(window),
    span: SPANS.includes(query.get("span")) ? Number(query.get("span")) : 60,
  };
}

function writeAddress() {
  const query = new URLSearchParams();
  if (view.product) query.set("product", view.product);
  if (view.window) query.set("window", view.window);
  if (view.span !== 60) query.set("span", view.span);
  const address = query.size ? `?${query}` : location.pathname;
  if (address !== location.search) history.pushState(null, "", address);
}

// Change what is shown, and ask for it now.
function look(change) {
  Object.assign(view, change);
  writeAddress();
  showControls();
  ask();
}

// Ask now, and be told from then on: of the newest minutes while somebody looks. Browsers have few connections to a shop.
function ask() {
  if (document.hidden || view.window) stream.close();
  else stream.open(SHOWN_PRODUCTS, view.product);
  showSource();
  if (document.hidden) clearTimeout(timer);
  else refresh();
}

async function refresh() {
  clearTimeout(timer);
  const mine = ++round; // an answer to an earlier question must not replace a later one's
  try {
    await refreshTrending(mine);
    if (mine === round && view.product) await refreshSeries(mine);
    if (mine === round) succeed();
  } catch (error) {
    if (mine === round) fail(error);
  }
}

function succeed() {
  failures = 0;
  showAlert(null);
  plan(POLL_MS);
}

function fail(error) {
  failures += 1;
  if (!(error instanceof Unavailable)) console.error(error);
  if (error.freshness) keepFreshness(error.freshness);
  showAlert(error.message);
  const pause = Math.min(LONGEST_PAUSE_MS, POLL_MS * 2 ** failures) * (0.75 + Math.random() / 2);
  plan(Math.max(pause, (error.retryAfter ?? 0) * 1000));
}

function plan(pause) {
  clearTimeout(timer);
  if (!document.hidden && (failures || !stream.isOpen)) timer = setTimeout(refresh, pause);
}

async function refreshTrending(mine) {
  const answer = await trending(view.window, SHOWN_PRODUCTS);
  if (mine !== round) return;
  // The stream may have been faster.
  if (view.window || answer.freshness.newest_window_start >= (freshness?.newest_window_start ?? "")) takeTrending(answer);
  learnTitles(view.product ? [view.product] : []).then(() => {
    if (mine === round) showTitles();
  });
}

function takeTrending(answer) {
  keepFreshness(answer.freshness);
  rows = answer.results;
  for (const row of rows) known.set(row.product_id, row.title);
  showTrending(answer);
}

async function refreshSeries(mine) {
  const product = view.product;
  const to = seriesEnd();
  const answer = await series(product, new Date(to - view.span * MINUTE_MS), to);
  if (mine === round) showSeries(product, answer);
}

// New minutes follow those that are shown; what does not is asked for.
function tellSeries(answer) {
  if (answer.product_id !== minutes.product) return; // what is asked for at the same time has them too
  const told = answer.results;
  const kept = minutes.points.filter((point) => point.window_start < told[0].window_start);
  if (kept.at(-1)?.window_end !== told[0].window_start) return refreshSeries(round).catch(fail);
  const to = seriesEnd();
  const range = { from: minuteText(new Date(to - view.span * MINUTE_MS)), to: minuteText(to) };
  const results = [...kept, ...told].filter((point) => point.window_start >= range.from);
  showSeries(answer.product_id, { ...range, results });
}

// The chosen minute; or now; or, when no windows come any more, the last that did.
function seriesEnd() {
  const anchor = view.window ?? (freshness?.state === "stale" ? freshness.newest_window_start : null);
  return new Date(anchor ? Date.parse(anchor) + MINUTE_MS : Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
}

// Titles are an extra: without the catalogue the identifiers do.
async function learnTitles(products) {
  const missing = [...new Set(products)].filter((product) => !known.has(product) && !product.includes(","));
  if (!missing.length) return;
  try {
    const found = await titles(missing);
    if (known.size > KNOWN_TITLES) known.clear();
    for (const product of missing) known.set(product, found.get(product) ?? null);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
}

const titleOf = (product) => known.get(product) ?? product;
const noteOf = (product) => (known.get(product) === null ? "title not known" : product);

function element(name, className, text) {
  const node = document.createElement(name);
  node.className = className;
  node.textContent = text;
  return node;
}

function showTrending(answer) {
  const list = $("trending");
  list.removeAttribute("aria-busy");
  const focused = document.activeElement?.dataset?.product;
  const most = Math.max(1, ...rows.map((row) => row.unique_user_count));
  list.replaceChildren(...rows.map((row, index) => trendingRow(row, index + 1, most)));
  if (focused) [...list.querySelectorAll("button")].find((button) => button.dataset.product === focused)?.focus();
  $("trending-window").textContent = answer.window_start
    ? `${view.window ? "" : "Newest minute with shoppers: "}${range(answer.window_start, answer.window_end)}`
    : "";
  showTrendingEmpty(answer);
}

function showTrendingEmpty(answer) {
  const reason = view.window
    ? (answer.is_final ? "Nobody looked at a product in this minute. Choose another one, or go back to the newest." : "This minute is not counted yet. It appears here about 12 seconds after it ends.")
    : "No minute has been counted yet. Send events to POST /activity/event; their minute appears about 12 seconds after it ends.";
  $("trending-empty").textContent = reason;
  $("trending-empty").hidden = rows.length > 0;
}

function trendingRow(row, rank, most) {
  const button = element("button", "", "");
  button.type = "button";
  button.dataset.product = row.product_id;
  button.setAttribute("aria-pressed", String(row.product_id === view.product));
  button.append(
    element("span", "rank", rank),
    element("span", "title", titleOf(row.product_id)),
    element("span", "count", number.format(row.unique_user_count)),
    element("span", "id", noteOf(row.product_id)),
    element("span", "events", `${number.format(row.event_count)} events`),
    bar(row.unique_user_count / most),
  );
  button.title = titleOf(row.product_id);
  button.addEventListener("click", () => look({ product: row.product_id }));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

function bar(share) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const rect = document.createElementNS(svg.namespaceURI, "rect");
  svg.setAttribute("class", "bar");
  svg.setAttribute("viewBox", "0 0 100 1");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  rect.setAttribute("width", (share * 100).toFixed(1));
  rect.setAttribute("height", 1);
  svg.append(rect);
  return svg;
}

function showTitles() {
  for (const button of $("trending").querySelectorAll("button")) {
    button.querySelector(".title").textContent = titleOf(button.dataset.product);
    button.querySelector(".id").textContent = noteOf(button.dataset.product);
    button.title = titleOf(button.dataset.product);
  }
  showSeriesTitle();
}

function showSeriesTitle() {
  $("series-title").textContent = view.product ? titleOf(view.product) : "Choose a product";
  document.title = view.product ? `${titleOf(view.product)} · Shoppers by the minute` : "Shoppers by the minute";
}

function showSeries(product, answer) {
  const finished = answer.results.findLastIndex((point) => point.is_final);
  const points = answer.results.slice(0, finished + 1);
  minutes = { product, points };
  const visited = points.some((point) => point.unique_user_count > 0);
  showSeriesTitle();
  $("series-subtitle").textContent = `${product} · unique shoppers a minute, ${range(answer.from, answer.to)}`;
  $("figures").hidden = !points.length;
  $("series-empty").hidden = visited;
  $("series-empty").textContent = points.length
    ? "Nobody looked at this product in these minutes. Choose a longer time, or another product."
    : "None of these minutes is counted yet.";
  if (!points.length) return chart.clear();
  showFigures(points);
  chart.show(points, titleOf(product));
}

function showFigures(points) {
  const newest = points.at(-1);
  const peak = points.reduce((best, point) => (point.unique_user_count > best.unique_user_count ? point : best));
  figure("newest", newest.unique_user_count, clock(newest.window_start));
  figure("peak", peak.unique_user_count, clock(peak.window_start));
  figure("verified", newest.verified_user_count, "");
  figure("events", points.reduce((sum, point) => sum + point.event_count, 0), "");
}

function figure(name, value, note) {
  $(`figure-${name}`).replaceChildren(`${number.format(value)} `, element("small", "", note));
}

function keepFreshness(answer) {
  freshness = answer;
  freshnessAt = Date.now();
  showFreshness();
}

function showFreshness() {
  if (!freshness) return;
  const age = freshness.age_seconds === null ? null : freshness.age_seconds + Math.round((Date.now() - freshnessAt) / 1000);
  const quiet = freshness.state === "live" && freshness.newest_window_event_count === 0;
  const state = failures ? "error" : quiet ? "quiet" : freshness.state;
  const minute = freshness.newest_window_start ? `newest minute ${clock(freshness.newest_window_start)} UTC, ended ${duration(age)} ago` : "no minute counted yet";
  const words = { live: "Live", quiet: "Quiet: no events", stale: "Stale: the job has stopped counting", unknown: "Unknown", error: "Not reached" };
  $("freshness").dataset.state = state;
  const text = `${words[state]} · ${minute}`;
  if ($("freshness-text").textContent !== text) $("freshness-text").textContent = text;
}

function duration(seconds) {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

function showSource() {
  $("freshness").dataset.source = stream.isOpen ? "stream" : "poll";
}

function showAlert(message) {
  $("alert").hidden = !message;
  if ($("alert").textContent !== (message ?? "")) $("alert").textContent = message ?? "";
  showFreshness();
}

function showControls() {
  $("product").value = view.product ?? "";
  $("window").value = view.window?.slice(0, 16) ?? "";
  $("span").value = String(view.span);
  for (const button of $("trending").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.product === view.product));
  }
  if (!view.product) showNoProduct();
  else showSeriesTitle();
}

function showNoProduct() {
  showSeriesTitle();
  $("series-subtitle").textContent = "";
  $("figures").hidden = true;
  $("series-empty").hidden = false;
  $("series-empty").textContent = "Choose one of the trending products, or type a product’s identifier, to see its shoppers minute by minute.";
  chart.clear();
}

$("window-form").addEventListener("submit", (event) => {
  event.preventDefault();
  look({ window: $("window").value ? `${$("window").value.slice(0, 16)}:00Z` : null });
});
$("newest").addEventListener("click", () => look({ window: null }));
$("product-form").addEventListener("submit", (event) => {
  event.preventDefault();
  look({ product: $("product").value.trim() || null, span: Number($("span").value) });
});
$("span").addEventListener("change", () => look({ span: Number($("span").value) }));
addEventListener("popstate", () => {
  Object.assign(view, readAddress());
  showControls();
  ask();
});
document.addEventListener("visibilitychange", ask);
setInterval(showFreshness, 1000);

showControls();
ask();
