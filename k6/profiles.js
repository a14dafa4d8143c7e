/** How a run's rates go over time. Rates are open: what is slow is not asked less often. */

/** Iterations a second in the shop's ordinary hour. A journey has some seven requests, the others have one or two. */
const ORDINARY = { products: 20, cart_add: 4, orders: 2, activity_event: 30, journey: 4 };

/** Stages: [seconds, times the ordinary rate at their end]. The first begins at its own rate. */
const STAGES = {
  smoke: [[6, 0.25]],
  load: [[240, 1]],
  stress: [[60, 1], [20, 2], [60, 2], [20, 4], [60, 4], [20, 8], [60, 8]],
  // Up within seconds, as pods cannot; then long enough at rest to see them go again.
  spike: [[60, 1], [10, 8], [180, 8], [10, 1], [480, 1]],
  soak: [[7200, 1]],
};

const UNIT_SECONDS = 10; // rates below one a second are whole numbers too
/** For how long an iteration may take before k6 has to make users in haste, and drops iterations meanwhile. */
const PATIENCE_SECONDS = { products: 2, cart_add: 2, orders: 2, activity_event: 2, journey: 10 };

export const SCENARIOS = Object.keys(ORDINARY);
export const PROFILES = Object.keys(STAGES);

/** The scenarios' section of k6's options; each scenario calls the function of its name. */
export function scenarios(names, profile, rate) {
  return Object.fromEntries(names.map((name) => [name, scenario(name, STAGES[profile], rate)]));
}

/** How long the profile takes, in seconds. */
export function secondsOf(profile) {
  return STAGES[profile].reduce((sum, [seconds]) => sum + seconds, 0);
}

function scenario(name, stages, rate) {
  const iterations = (times) => Math.max(1, Math.round(ORDINARY[name] * times * rate * UNIT_SECONDS));
  const peak = Math.max(...stages.map(([, times]) => iterations(times))) / UNIT_SECONDS;
  return {
    executor: "ramping-arrival-rate",
    exec: name,
    timeUnit: `${UNIT_SECONDS}s`,
    startRate: iterations(stages[0][1]),
    stages: stages.map(([seconds, times]) => ({ duration: `${seconds}s`, target: iterations(times) })),
    preAllocatedVUs: Math.ceil(peak * PATIENCE_SECONDS[name]) + 5,
    maxVUs: Math.ceil(peak * PATIENCE_SECONDS[name] * 3) + 15,
    gracefulStop: "15s",
  };
}
