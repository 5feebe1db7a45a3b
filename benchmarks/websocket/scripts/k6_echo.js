import { WebSocket } from "k6/experimental/websockets"; // k6 1.1 has no `k6/websockets` yet

const TEXT = '{"type":"cursor","payload":{"runId":"run-42","x":120,"y":77,"userId":"user-7"}}';
const SECONDS = Number(__ENV.SECONDS);

export const options = {
  scenarios: {
    echo: { executor: "per-vu-iterations", vus: Number(__ENV.SESSIONS), iterations: 1, maxDuration: "10m" },
  },
};

// With IDLE a session says nothing; else each echo sends the next message.
export default function () {
  const socket = new WebSocket(__ENV.URL);
  socket.onopen = () => {
    if (!__ENV.IDLE) socket.send(TEXT);
    setTimeout(() => socket.close(), SECONDS * 1000);
  };
  socket.onmessage = () => socket.send(TEXT);
}
