// Verifies access tokens, one a line, as a service with jose does: one createRemoteJWKSet with its own cache.
// Answers each with one line, `ok JTI` or `FAIL REASON`; the summary comes last.
// Usage: jose_verify.mjs ISSUER AUDIENCE [--cooldown SECONDS] [--max-age SECONDS]
import { createRequire } from "node:module";
import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

globalThis.crypto ??= webcrypto; // Node.js 18, as in Debian 12

const { createRemoteJWKSet, customFetch, jwtVerify } = await import("jose");
const { dependencies } = createRequire(import.meta.url)("./package.json");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cooldown: { type: "string", default: "30" }, "max-age": { type: "string", default: "600" } },
});
const [issuer, audience] = positionals;
if (positionals.length !== 2) {
  console.error("usage: jose_verify.mjs ISSUER AUDIENCE [--cooldown SECONDS] [--max-age SECONDS]");
  process.exit(2);
}

let fetches = 0;
const jwks = createRemoteJWKSet(new URL(`${issuer.replace(/\/$/, "")}/.well-known/jwks.json`), {
  cooldownDuration: Number(values.cooldown) * 1000,
  cacheMaxAge: Number(values["max-age"]) * 1000,
  [customFetch]: (...args) => {
    fetches += 1;
    return fetch(...args);
  },
});

let number = 0;
let failed = 0;
const algorithms = {};
const kids = {};
const count = (counts, name) => (counts[name] = (counts[name] ?? 0) + 1);

for await (const line of createInterface({ input: process.stdin })) {
  number += 1;
  if (!line.trim()) continue;
  try {
    const { payload, protectedHeader } = await jwtVerify(line.trim(), jwks, {
      algorithms: ["ES256", "RS256", "EdDSA"],
      issuer,
      audience,
      typ: "at+jwt",
      requiredClaims: ["iss", "aud", "exp", "iat", "sub", "jti", "client_id"],
    });
    count(algorithms, protectedHeader.alg);
    count(kids, protectedHeader.kid);
    console.log(`ok ${payload.jti}`);
  } catch (error) {
    failed += 1;
    const reason = `${error.name}: ${error.message}`.replaceAll(/\s+/g, " ");
    console.log(`FAIL line ${number}: ${reason}`);
    console.error(`jose: line ${number}:`, error);
  }
}

const verified = Object.values(kids).reduce((sum, n) => sum + n, 0);
if (!verified) console.error("jose: no token was verified");
console.log(JSON.stringify({ client: "jose", version: dependencies.jose, verified, failed, algorithms, kids, jwks_fetches: fetches }));
process.exitCode = failed || !verified ? 1 : 0;
