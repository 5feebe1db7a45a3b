import http from "k6/http";
import { check } from "k6";
import { Counter, Rate, Trend } from "k6/metrics";

const created = new Counter("created");
const errors = new Rate("errors");
const latency = new Trend("api_latency", true);

const URL = `${__ENV.URL}/api/runs`;

export default function () {
  const body = JSON.stringify({ prompt: "compare", user: __VU, iteration: __ITER });
  const response = http.post(URL, body, {
    headers: { "Content-Type": "application/json" },
    tags: { name: "create run", type: "api" },
  });
  const right = check(response, {
    "status is 200": (r) => r.status === 200,
    "has an id": (r) => r.json("id") !== undefined,
    "is fast": (r) => r.timings.duration < 1000,
  });
  created.add(1);
  errors.add(!right);
  latency.add(response.timings.duration);
}
