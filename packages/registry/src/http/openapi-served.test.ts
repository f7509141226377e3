import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { writeLayout } from "../../../../testing/images.ts";
import { type Serving, serving } from "../../../../testing/serving.ts";

interface Shape {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly items?: Shape;
}
interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly schema: Shape;
}
interface Described {
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
}
type Paths = Readonly<Record<string, Readonly<Record<string, Described>>>>;

const DEFAULTS: Readonly<Record<string, string>> = { digest: `sha256:${"0".repeat(64)}`, id: "1", reason: "a test" };

const CODES: Readonly<Record<number, readonly string[]>> = {
  400: ["invalid-request"],
  404: ["unknown-type", "not-found"],
  409: ["nothing-earlier"],
  412: ["precondition-failed"],
  422: ["idempotency-key-reused"],
};

/** What an operation with a body is sent. */
const BODIES: Readonly<Record<string, object>> = {
  "PUT /executors/{type}/pin": { to: "1.0.0", reason: "a test" },
  "POST /executors/{type}/rollback": { reason: "a test" },
  "POST /executors/{type}/denials": { version: "0.9.0", reason: "a test" },
  "PUT /policy": { policies: [], reason: "a test" },
};

/** Texts that a schema allows, as another program that reads the document would make them. */
function allowed(schema: Shape): fc.Arbitrary<string> {
  const { type, pattern, format, minimum, maximum, minLength = 0, maxLength = 300 } = schema;
  if (schema.items !== undefined) return allowed(schema.items);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (type === "integer") return fc.integer({ min: minimum ?? 0, max: maximum ?? Number.MAX_SAFE_INTEGER }).map(String);
  if (format === "date-time")
    return fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-12-31") })
      .map((date) => date.toISOString());
  if (pattern !== undefined) {
    return fc
      .stringMatching(new RegExp(pattern))
      .filter((text) => text.length >= minLength && text.length <= maxLength);
  }
  return fc.string({ unit: "grapheme", minLength, maxLength });
}

/** Texts that a schema does not allow; none where it allows every text. */
function refused(schema: Shape): readonly string[] {
  const { type, pattern, format, minimum, maximum, minLength, maxLength } = schema;
  if (schema.items !== undefined) return refused(schema.items);
  if (type === "integer") {
    return [
      "x",
      "1.5",
      "1e400",
      ...(minimum === undefined ? [] : [String(minimum - 1)]),
      String((maximum ?? 2 ** 53) + 1),
    ];
  }
  return [
    ...(schema.enum || format ? ["no-such-thing"] : []),
    ...(pattern === undefined
      ? []
      : ["Ünique", "a b", "\u0000", "a,,b"].filter((text) => !new RegExp(pattern).test(text))),
    ...(minLength === undefined ? [] : [""]),
    ...(maxLength === undefined ? [] : ["x".repeat(maxLength + 1)]),
  ];
}

describe("red-20: requests made from /openapi.json", () => {
  let folder: string;
  let service: Serving;
  let paths: Paths;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "openapi-"));
    await writeLayout(folder, { "registry.test/team/executor-ml:1.0.0": { created: "2026-11-01T00:00:00Z" } });
    const file = join(folder, "registry.yaml");
    await writeFile(
      file,
      `listen: {host: 127.0.0.1, port: 0}\nauth: {writes: open}\nlimits: {writesPerMinute: 100000, refusedEventsPerMinute: 100000}\nsources: [{name: l, kind: oci-layout, path: ${folder}}]\n`,
    );
    service = await serving(file);
    paths = ((await (await fetch(`${service.url}/openapi.json`)).json()) as { paths: Paths }).paths;
  });
  after(async () => {
    await service[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const operations = (): readonly (readonly [method: string, path: string, parameters: readonly Parameter[]])[] =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { parameters }]) => [method.toUpperCase(), path, parameters] as const),
    );
  const ask = async (
    method: string,
    path: string,
    values: Readonly<Record<string, string | undefined>>,
    parameters: readonly Parameter[],
  ) => {
    let url = path;
    const query = new URLSearchParams();
    const headers: Record<string, string> = {};
    for (const { name, in: place, required } of parameters) {
      const value = values[name] ?? (required ? DEFAULTS[name] : undefined);
      if (place === "path") url = url.replace(`{${name}}`, encodeURIComponent(value ?? "ml"));
      else if (value !== undefined && place === "header") headers[name] = value;
      else if (value !== undefined) query.set(name, value);
    }
    const leaving = new AbortController();
    const body = BODIES[`${method} ${path}`];
    const response = await fetch(`${service.url}${url}${query.size > 0 ? `?${query.toString()}` : ""}`, {
      method,
      headers: { ...headers, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: leaving.signal,
    });
    const endless = response.headers.get("content-type") === "text/event-stream";
    const text = endless ? "" : await response.text();
    if (endless) leaving.abort();
    return { status: response.status, body: text, headers: response.headers, url };
  };

  test("those that it allows are answered as it says", async () => {
    for (const [method, path, parameters] of operations()) {
      const values = fc.record(
        Object.fromEntries(
          parameters.map(({ name, required, schema }) => [
            name,
            required ? allowed(schema) : fc.option(allowed(schema), { nil: undefined }),
          ]),
        ),
      );
      // A webhook takes what its sender is configured to send, and none is configured.
      // The grammar of image references is no pattern.
      // It may be bound to another state, named as another request was, and a rollback may lead nowhere.
      const conditional = parameters.some(({ in: place }) => place === "header");
      const expected = path.startsWith("/webhooks/")
        ? [404]
        : [200, 202, 404, ...(path === "/policy/test" ? [400] : []), ...(conditional ? [409, 412, 422] : [])];
      await fc.assert(
        fc.asyncProperty(values, async (made) => {
          const { status, body, url } = await ask(method, path, made, parameters);
          assert.ok(expected.includes(status), `${method} ${url} ${JSON.stringify(made)}: ${status} ${body}`);
          if (status < 400) return;
          assert.ok((CODES[status] ?? []).includes((JSON.parse(body) as { code: string }).code), body);
        }),
        { numRuns: parameters.length === 0 ? 2 : 40 },
      );
    }
  });

  test("those that it does not are 400 with what is wrong, whichever the parameter", async () => {
    for (const [method, path, parameters] of operations()) {
      if (path.startsWith("/webhooks/")) continue;
      for (const { name, in: place, schema } of parameters) {
        for (const value of refused(schema)) {
          // An empty part of a path is another path.
          if (place === "path" && value === "") continue;
          // Not what a client can send.
          if (place === "header" && /[^ -~]/.test(value)) continue;
          const { status, body, headers } = await ask(method, path, { [name]: value }, parameters);
          const problem = JSON.parse(body) as { title: string; code: string; detail: string };
          assert.deepEqual(
            [status, problem.title, problem.code, headers.get("content-type")],
            [400, "Invalid request", "invalid-request", "application/problem+json; charset=utf-8"],
            `${method} ${path} ${name}=${value}`,
          );
          assert.ok(problem.detail.includes(name), problem.detail);
        }
      }
      const unknown = await fetch(`${service.url}${path.replaceAll(/\{\w+\}/g, "ml")}?no-such=1`, { method });
      await unknown.body?.cancel();
      if (parameters.some(({ in: place }) => place === "query")) assert.equal(unknown.status, 400, path);
    }
  });

  test("the version policies that it takes are described kind by kind", async () => {
    const { components } = (await (await fetch(`${service.url}/openapi.json`)).json()) as {
      readonly components: { readonly schemas: Readonly<Record<string, { readonly oneOf?: readonly Policy[] }>> };
    };
    interface Policy {
      readonly properties: Readonly<Record<string, { readonly const?: string }>>;
      readonly required: readonly string[];
    }
    const kinds = components.schemas["VersionPolicySettings"]?.oneOf ?? [];
    assert.deepEqual(
      kinds.map(({ properties, required }) => `${properties["kind"]?.const}: ${required.join(", ")}`),
      [
        "semver: kind, name",
        "numerical: kind, name",
        "alphabetical: kind, name",
        "regex: kind, pattern, order, name",
        "newest: kind, name",
        "tag: kind, tag, name",
      ],
    );
  });

  test("and of other methods they are 405, with those that the document has", async () => {
    for (const path of Object.keys(paths)) {
      const documented = Object.keys(paths[path] ?? {}).map((method) => method.toUpperCase());
      // A type may be called "refresh".
      const url = service.url + path.replaceAll(/\{\w+\}/g, "ml");
      for (const method of ["PUT", "DELETE", "PATCH", "QUERY"].filter((one) => !documented.includes(one))) {
        const response = await fetch(url, { method });
        await response.arrayBuffer();
        const allow = (response.headers.get("allow") ?? "").split(", ");
        assert.equal(response.status, 405, `${method} ${path}`);
        assert.deepEqual(
          documented.filter((one) => !allow.includes(one)),
          [],
          `${method} ${path}: ${allow.join()}`,
        );
      }
    }
  });
});
