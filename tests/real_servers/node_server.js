// The site on Node's own http and https.
"use strict";
const fs = require("fs");
const http = require("http");
const https = require("https");
const path = require("path");
const zlib = require("zlib");

const env = process.env;
const types = { ".txt": "text/plain", ".html": "text/html" };

function handle(request, response) {
  const whole = request.url;
  request.url = whole.split("?")[0];
  const port = request.socket.remotePort;
  response.on("finish", () => {
    fs.appendFileSync(env.SITE_LOG, `${port} ${request.method} ${whole} ${response.statusCode}\n`);
  });
  if (request.url.startsWith("/upload/")) {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => response.end(Buffer.concat(parts)));
    return;
  }
  request.resume();
  request.on("end", () => answer(request, response));
}

function answer(request, response) {
  const short = { "/no-content": 204, "/moved": 302, "/see-other": 303, "/broken": 503 };
  if (request.url in short) {
    const status = short[request.url];
    response.writeHead(status, status < 400 && status > 300 ? { Location: "/hello.txt" } : {});
    response.end();
    return;
  }
  if (request.url === "/hints") {
    response.writeEarlyHints({ link: "</style.css>; rel=preload" }, () => response.end("hinted"));
    return;
  }
  const file = path.join(env.SITE_DOCUMENTS, request.url);
  if (!fs.existsSync(file)) {
    response.writeHead(404);
    response.end("no such document");
    return;
  }
  const size = fs.statSync(file).size;
  response.setHeader("ETag", `"${size}"`);
  response.setHeader("Content-Type", types[path.extname(file)] || "application/octet-stream");
  if (request.headers["if-none-match"] === `"${size}"`) {
    response.writeHead(304);
    response.end();
    return;
  }
  if (request.method === "HEAD") {
    response.setHeader("Content-Length", size);
    response.end();
    return;
  }
  if (request.url === "/text.txt" && /gzip/.test(request.headers["accept-encoding"])) {
    response.setHeader("Content-Encoding", "gzip");
    fs.createReadStream(file).pipe(zlib.createGzip()).pipe(response);
    return;
  }
  if (request.url === "/page.html") {
    response.setHeader("Trailer", "X-Size");
    response.addTrailers({ "X-Size": String(size) });
  } else {
    response.setHeader("Content-Length", size);
  }
  fs.createReadStream(file).pipe(response);
}

http.createServer(handle).listen(Number(env.SITE_PORT), "127.0.0.1");
const pair = { cert: fs.readFileSync(env.SITE_CERTIFICATE), key: fs.readFileSync(env.SITE_KEY) };
https.createServer(pair, handle).listen(Number(env.SITE_TLS_PORT), "127.0.0.1");
