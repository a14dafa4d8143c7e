/** The service level, in one place: it holds for every scenario by itself. */

const AVERAGE_MS = 300;
const P95_MS = 800;
const FAILED_RATE = 0.001;

/** Thresholds for the scenarios of a run; milliseconds and shares. */
export function thresholds(names) {
  return Object.assign({ dropped_iterations: ["count<1"] }, ...names.map(ofScenario));
}

function ofScenario(name) {
  const of = (metric) => `${metric}{scenario:${name}}`;
  return {
    [of("http_req_duration")]: [`avg<${AVERAGE_MS}`, `p(95)<${P95_MS}`],
    [of("http_req_failed")]: [`rate<${FAILED_RATE}`],
    [of("checks")]: [`rate>${1 - FAILED_RATE}`],
    [of("http_reqs")]: ["count>0"], // a threshold whose tag nothing has would hold without anything measured
  };
}
