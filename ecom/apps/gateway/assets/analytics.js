// What the page asks the gateway for. Every failure is an Unavailable with a sentence for people.

const PATIENCE_MS = 10_000;

export class Unavailable extends Error {
  constructor(message, { retryAfter = 0, freshness = null } = {}) {
    super(message);
    this.retryAfter = retryAfter;
    this.freshness = freshness;
  }
}

export const minuteText = (date) => `${date.toISOString().slice(0, 16)}:00Z`;

export function trending(window, limit) {
  return ask(`/analytics/trending?${new URLSearchParams({ window: window ?? "newest", limit })}`);
}

export function series(productId, from, to) {
  const range = new URLSearchParams({ from: minuteText(from), to: minuteText(to) });
  return ask(`/analytics/products/${encodeURIComponent(productId)}?${range}`);
}

// The titles of products by identifier, in one call; products that the catalogue does not know are left out.
export async function titles(productIds) {
  const page = await ask(`/products?${new URLSearchParams({ ids: productIds.join(",") })}`);
  return new Map(page.results.map((product) => [product.product_id, product.title]));
}

async function ask(address) {
  let response;
  try {
    response = await fetch(address, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new Unavailable("The shop cannot be reached. Check the connection; the page tries again by itself.");
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const detail = body.detail ?? `The shop answered ${response.status}.`;
  throw new Unavailable(detail, { retryAfter: Number(response.headers.get("Retry-After")) || 0, freshness: body.freshness });
}
