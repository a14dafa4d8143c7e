// One series as an SVG line chart, with axes and values under the pointer or the arrow keys.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 320;
const MARGIN = { top: 16, right: 16, bottom: 28, left: 48 };
const ROUND_MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360];
const LABEL_WIDTH = 76;

const number = new Intl.NumberFormat("en");
const clock = (time) => time.slice(11, 16);

function shape(name, attributes = {}, text = null) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  return node;
}

// The smallest 1, 2 or 5 times a power of ten that covers `most` in four steps.
function roundStep(most) {
  const rough = Math.max(1, most / 4);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

export class Chart {
  #host;
  #points = [];
  #selected = null;
  #cursor = null;

  constructor(host) {
    this.#host = host;
    new ResizeObserver(() => this.#draw()).observe(host);
  }

  // Points are windows of the analytics, oldest first.
  show(points, label) {
    const selectedTime = this.#points[this.#selected]?.window_start;
    this.#points = points;
    this.label = label;
    const index = points.findIndex((point) => point.window_start === selectedTime);
    this.#selected = index < 0 ? null : index;
    this.#draw();
  }

  clear() {
    this.#points = [];
    this.#selected = null;
    this.#host.replaceChildren();
  }

  #draw() {
    if (!this.#points.length || !this.#host.clientWidth) return;
    const hadFocus = this.#host.contains(document.activeElement);
    this.width = this.#host.clientWidth;
    const most = Math.max(...this.#points.map((point) => point.unique_user_count));
    this.step = roundStep(most);
    this.top = Math.max(this.step, Math.ceil(most / this.step) * this.step);
    const svg = shape("svg", {
      viewBox: `0 0 ${this.width} ${HEIGHT}`, height: HEIGHT, tabindex: 0, role: "img", "aria-label": this.#summary(),
    });
    svg.append(...this.#grid(), ...this.#times(), ...this.#line());
    this.#cursor = shape("g", { "aria-hidden": "true" });
    svg.append(this.#cursor);
    this.#listen(svg);
    this.#host.replaceChildren(svg);
    this.#drawCursor();
    if (hadFocus) svg.focus({ preventScroll: true });
  }

  #summary() {
    const newest = this.#points.at(-1);
    const peak = this.#points.reduce((best, point) => (point.unique_user_count > best.unique_user_count ? point : best));
    return `${this.label}: unique shoppers from ${clock(this.#points[0].window_start)} to ${clock(newest.window_end)} UTC. `
      + `Newest minute ${newest.unique_user_count}, busiest ${peak.unique_user_count} at ${clock(peak.window_start)}. `
      + "Arrow keys read single minutes.";
  }

  #x(index) {
    const inner = this.width - MARGIN.left - MARGIN.right;
    return MARGIN.left + (this.#points.length < 2 ? inner / 2 : (index / (this.#points.length - 1)) * inner);
  }

  #y(count) {
    return HEIGHT - MARGIN.bottom - (count / this.top) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  }

  #grid() {
    const marks = [];
    for (let count = 0; count <= this.top; count += this.step) {
      const y = this.#y(count);
      marks.push(shape("line", { class: "grid", x1: MARGIN.left, x2: this.width - MARGIN.right, y1: y, y2: y }));
      marks.push(shape("text", { class: "axis", x: MARGIN.left - 10, y: y + 4, "text-anchor": "end" }, number.format(count)));
    }
    return marks;
  }

  #times() {
    const room = (this.width - MARGIN.left - MARGIN.right) / LABEL_WIDTH;
    const apart = ROUND_MINUTES.find((minutes) => this.#points.length / minutes <= room) ?? ROUND_MINUTES.at(-1);
    return this.#points.flatMap((point, index) => {
      const minute = Date.parse(point.window_start) / 60_000;
      if (minute % apart) return [];
      const x = this.#x(index);
      const anchor = x > this.width - 32 ? "end" : "middle";
      return [shape("text", { class: "axis", x, y: HEIGHT - 8, "text-anchor": anchor }, clock(point.window_start))];
    });
  }

  #line() {
    const path = this.#points.map((point, index) => `${index ? "L" : "M"}${this.#x(index).toFixed(1)} ${this.#y(point.unique_user_count).toFixed(1)}`).join("");
    const area = `${path}L${this.#x(this.#points.length - 1)} ${this.#y(0)}L${this.#x(0)} ${this.#y(0)}Z`;
    const newest = this.#points.length - 1;
    const end = shape("circle", { class: "point", r: 4, cx: this.#x(newest), cy: this.#y(this.#points[newest].unique_user_count) });
    return [shape("path", { class: "area", d: area }), shape("path", { class: "line", d: path }), end];
  }

  #listen(svg) {
    svg.addEventListener("pointermove", (event) => {
      const x = ((event.clientX - svg.getBoundingClientRect().left) / svg.getBoundingClientRect().width) * this.width;
      const share = (x - MARGIN.left) / (this.width - MARGIN.left - MARGIN.right);
      this.#select(Math.round(share * (this.#points.length - 1)));
    });
    svg.addEventListener("pointerleave", () => this.#select(null));
    svg.addEventListener("blur", () => this.#select(null));
    svg.addEventListener("keydown", (event) => {
      const last = this.#points.length - 1;
      const now = this.#selected ?? last + 1;
      const moves = { ArrowLeft: now - 1, ArrowRight: Math.min(now + 1, last), Home: 0, End: last };
      if (!(event.key in moves)) return;
      event.preventDefault();
      this.#select(moves[event.key]);
      svg.setAttribute("aria-label", this.#reading(this.#points[this.#selected]).join(", "));
    });
  }

  #select(index) {
    this.#selected = index === null ? null : Math.max(0, Math.min(index, this.#points.length - 1));
    this.#drawCursor();
  }

  #reading(point) {
    const shoppers = point.unique_user_count === 1 ? "shopper" : "shoppers";
    return [
      `${number.format(point.unique_user_count)} ${shoppers}`,
      `${point.window_start.slice(0, 10)} ${clock(point.window_start)} UTC`,
      `${number.format(point.verified_user_count)} verified, ${number.format(point.event_count)} events`,
    ];
  }

  #drawCursor() {
    this.#cursor.replaceChildren();
    const point = this.#points[this.#selected];
    if (!point) return;
    const x = this.#x(this.#selected);
    const y = this.#y(point.unique_user_count);
    this.#cursor.append(shape("line", { class: "cursor", x1: x, x2: x, y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom }));
    this.#cursor.append(shape("circle", { class: "point", r: 5, cx: x, cy: y }), ...this.#tip(point, x, y));
  }

  #tip(point, x, y) {
    const [width, height] = [176, 62];
    const left = Math.max(4, Math.min(x > this.width / 2 ? x - width - 12 : x + 12, this.width - width - 4));
    const top = Math.max(4, Math.min(y - height - 8, HEIGHT - MARGIN.bottom - height - 4));
    const box = shape("rect", { class: "tip-box", x: left, y: top, width, height, rx: 8 });
    const lines = this.#reading(point).map((text, row) => shape("text", {
      class: row ? "tip-text" : "tip-text tip-strong", x: left + 12, y: top + 20 + row * 17,
    }, text));
    return [box, ...lines];
  }
}
