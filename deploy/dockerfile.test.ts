import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assignments, parseDockerfile } from "../testing/dockerfile.ts";

const json = (file: string) => JSON.parse(readFileSync(file, "utf8"));
const stages = parseDockerfile(readFileSync("deploy/Dockerfile", "utf8"));
const last = stages.at(-1);
const valuesOf = (name: string): string[] =>
  (last?.instructions ?? []).filter((one) => one.name === name).map(({ value }) => value);
/** The reference without its digest. */
const tagOf = (base: string): string => base.replace(/@.*/, "");

test("the image has the Node that the tests run on", () => {
  const { node } = json("package.json").devDependencies as Record<string, string>;
  const bases = new Set(stages.map(({ base }) => base).filter((base) => base.startsWith("node:")));
  assert.deepEqual([...bases].map(tagOf), [`node:${node}-trixie-slim`]);
});

test("the image is made from bases that are named by digest", () => {
  for (const { base } of stages) assert.match(base, /^[^@]+:[^@]+@sha256:[0-9a-f]{64}$/);
});

test("the image's version is that of the package, and its base is named", () => {
  const variables = Object.assign({}, ...valuesOf("ARG").map((value) => assignments(value, {})));
  const labels = Object.assign({}, ...valuesOf("LABEL").map((value) => assignments(value, variables)));
  assert.equal(labels["org.opencontainers.image.version"], json("packages/registry/package.json").version);
  assert.equal(labels["org.opencontainers.image.description"], json("packages/registry/package.json").description);
  assert.equal(labels["org.opencontainers.image.base.name"], tagOf(last?.base ?? ""));
});

test("the image starts without a shell, as a user that is a number", () => {
  assert.deepEqual(valuesOf("USER"), ["65532:65532"]);
  assert.deepEqual(valuesOf("RUN"), []);
  for (const value of [...valuesOf("ENTRYPOINT"), ...valuesOf("CMD")]) assert.ok(Array.isArray(JSON.parse(value)));
});

test("the program is made of what the lock file holds by its hash, and no package runs a script meanwhile", () => {
  interface Locked {
    readonly link?: boolean;
    readonly inBundle?: boolean;
    readonly integrity?: string;
  }
  const runs = stages.flatMap(({ instructions }) => instructions).filter(({ name }) => name === "RUN");
  const installs = runs
    .map(({ value }) => value)
    .filter((value) => /\b(npm|npx|yarn|pnpm|curl|wget|apt|apt-get)\b/.test(value));
  assert.deepEqual(installs, ["npm ci --ignore-scripts --no-audit --no-fund"]);
  const packages = Object.entries(json("package-lock.json").packages as Readonly<Record<string, Locked>>);
  const unheld = packages.filter(
    ([path, { link, inBundle, integrity = "" }]) =>
      path.includes("node_modules/") && !link && !inBundle && !integrity.startsWith("sha512-"),
  );
  assert.deepEqual(unheld, []);
});
