// Values as the page writes them, as its tables do: 12.1 ms, 1.2 kB, 4 %.
"use strict";
var atlas = {};

(() => {
  const threeDigits = (value) => {
    const size = Math.abs(value);
    return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
  };

  // Thousands in groups, and no more digits than a reader takes in.
  const plain = (value) => {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1000) return Math.round(value).toLocaleString("en-US");
    const decimals = Math.max(0, 3 - Math.floor(Math.log10(size)));
    return String(Number(value.toFixed(Math.min(decimals, 12))));
  };

  const milliseconds = (value) => {
    if (value === 0) return "0 s";
    const size = Math.abs(value);
    if (size >= 60000) return `${Math.floor(value / 60000)}m${((value % 60000) / 1000).toFixed(1)}s`;
    if (size >= 1000) return `${threeDigits(value / 1000)} s`;
    if (size >= 1) return `${threeDigits(value)} ms`;
    return `${threeDigits(value * 1000)} µs`;
  };

  const bytes = (value) => {
    for (const [unit, scale] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
      if (Math.abs(value) >= scale) return `${threeDigits(value / scale)} ${unit}`;
    }
    return `${Math.round(value)} B`;
  };

  const texts = {
    ms: milliseconds,
    share: (value) => `${Number((value * 100).toPrecision(3))} %`,
    per_s: (value) => `${plain(value)}/s`,
    bytes,
    bytes_per_s: (value) => `${bytes(value)}/s`,
    "": plain,
  };

  // A point of time in the run: 42s, 3:20, 1:03:20.
  const clock = (seconds) => {
    const whole = Math.round(seconds);
    const two = (n) => String(n).padStart(2, "0");
    if (whole < 60) return `${whole}s`;
    if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
    return `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  };

  atlas.numbers = {
    text: (value, unit) => (value === null || value === undefined ? "–" : texts[unit](value)),
    // On an axis the numbers are round already: "10 ms" and not "10.0 ms".
    tick: (value, unit) => texts[unit](value).replace(/\.0+(?=\D|$)/, "").replace(/(\.\d*?)0+(?=\D|$)/, "$1"),
    clock,
  };
})();
