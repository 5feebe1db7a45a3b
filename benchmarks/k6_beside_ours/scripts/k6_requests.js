import http from "k6/http";
import { check } from "k6";

const URL = __ENV.URL;

export const options = {
  scenarios: {
    requests: {
      executor: "constant-arrival-rate",
      rate: Number(__ENV.RATE),
      duration: `${__ENV.SECONDS}s`,
      preAllocatedVUs: 50,
      maxVUs: 200,
    },
  },
  thresholds: {
    http_req_duration: ["p(95)<500"],
    "http_req_duration{name:list runs}": ["p(95)<500"],
  },
};

export function setup() {
  http.get(`${URL}/actuator/health`);
}

export default function () {
  const headers = { Authorization: "Bearer k6" };
  const listed = http.get(`${URL}/api/runs?page=0&size=20`, { headers, tags: { name: "list runs" } });
  check(listed, { "status is 200": (r) => r.status === 200 });
  http.get(`${URL}/actuator/health`, { tags: { name: "health" } });
}

export function handleSummary(data) {
  return { "k6-handle-summary.json": JSON.stringify(data) };
}
