// A worker that computes SHA-256, so that the page stays alive: one file after the other, piece by piece.
import { sha256 } from "../../../vendor/noble-hashes/sha2.js";

let hash = sha256.create();

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

addEventListener("message", ({ data: { number, op, bytes } }) => {
  if (op === "begin") {
    hash = sha256.create();
  } else if (op === "add") {
    hash.update(new Uint8Array(bytes));
  }
  const digests = { end: () => hex(hash.digest()), whole: () => hex(sha256(new Uint8Array(bytes))) };
  postMessage({ number, digest: digests[op]?.() ?? null });
});
