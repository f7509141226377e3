import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Sources } from "./combine.ts";
import { KubernetesError, type KubernetesErrorCode } from "../kubernetes/api/errors.ts";
import { everySourceForbidden, noAnswer } from "./no-answer.ts";
import { ForbiddenError, SourceUnreadError, UnknownTypeError } from "../contract/resolver-errors.ts";
import type { Source } from "../sources/source.ts";
import { type FakeSource, fakeSource, readySource } from "../testing/fake-source.ts";

const USER = 'nodes is forbidden: User "system:serviceaccount:team:dispatcher" cannot list resource "nodes"';

function broken(name: Source["name"], code: KubernetesErrorCode, before = fakeSource(name)): FakeSource {
  before.state.lost(new KubernetesError(code, USER, { method: "GET", path: "/api/v1/nodes", server: "https://k" }));
  return before;
}
const together = (...list: Source[]): Sources => ({ list, namespace: "team", configMap: "mine", close() {} });

describe("no answer", () => {
  test("of an unknown type names those that look like it, and all there are", () => {
    const error = noAnswer(
      "mll",
      together(
        readySource("declared", { ml: "executor-ml:1" }),
        readySource("nodes", { ml: "executor-ml:2", etl: "executor-etl:1" }),
      ),
    );
    assert.ok(error instanceof UnknownTypeError);
    assert.deepEqual(
      [error.code, error.type, error.nearMisses, error.knownTypes],
      ["unknown-type", "mll", ["ml"], ["etl", "ml"]],
    );
    assert.equal(error.message, 'no image of executor type "mll" is known; did you mean ml?');
  });

  test("says what was left out: of this type if anything, else of others", () => {
    const source = readySource("declared");
    source.know({}, [
      { type: "ml", text: "CronJob/executor-ml is ignored" },
      { type: "etl", text: "CronJob/executor-etl is ignored" },
    ]);
    assert.match(noAnswer("ml", together(source)).message, /is known at all; CronJob\/executor-ml is ignored$/);
    assert.match(
      noAnswer("nlp", together(source)).message,
      /CronJob\/executor-ml is ignored; CronJob\/executor-etl is ignored$/,
    );
  });

  test("while a source has no contact says since when", () => {
    const source = broken("nodes", "unreachable", readySource("nodes", { ml: "executor-ml:1" }));
    assert.match(
      noAnswer("nlp", together(source)).message,
      /nodes has no contact since 2026-11-23T12:00:00\.000Z: GET /,
    );
  });

  test("where a source is forbidden gives the rules, for whom the server refused", () => {
    const error = noAnswer(
      "mll",
      together(
        readySource("declared", { ml: "executor-ml:1" }),
        broken("configmap", "forbidden"),
        broken("nodes", "forbidden"),
      ),
    );
    assert.ok(error instanceof ForbiddenError);
    assert.match(
      error.message,
      /^configmap, nodes may not be read, and no other source knows an image of executor type "mll"; did you mean ml\?\. To allow/,
    );
    assert.deepEqual(error.rules, [
      { apiGroups: [""], resources: ["configmaps"], resourceNames: ["mine"], verbs: ["get", "list", "watch"] },
      { apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"] },
    ]);
    assert.match(error.manifest, /kind: ClusterRole\n/);
    assert.match(error.manifest, /- kind: ServiceAccount\n    name: dispatcher\n    namespace: team\n/);
    assert.ok(error.message.endsWith(error.manifest));
    assert.ok(error.cause instanceof KubernetesError);
  });

  test("where a source was never read is not known, and says so before any permission", () => {
    const lost = broken("nodes", "unreachable");
    const error = noAnswer("ml", together(broken("declared", "forbidden"), lost));
    assert.ok(error instanceof SourceUnreadError);
    assert.deepEqual(
      [error.code, error.source, error.retryable, error.cause],
      ["unreachable", "nodes", true, lost.status().problem],
    );
    assert.match(
      error.message,
      /^the images on nodes could not be read yet, so the image of executor type "ml" is not known: GET /,
    );
  });

  test("where there is no executor at all says how to make one", () => {
    assert.equal(
      noAnswer("ml", together(readySource("declared"), readySource("nodes"))).message,
      'no image of executor type "ml" is known; no executor is known at all; declare one by a suspended CronJob named ' +
        "executor-TYPE in namespace team, or load an image called executor-TYPE into the nodes",
    );
  });

  test("in a namespace that does not exist names it", () => {
    const missing = "namespace team does not exist, so nothing is declared in it; create it or name another one";
    const namespaceWatch = {
      settled: Promise.resolve(),
      missing: () => missing,
      onChange: () => () => {},
      async close() {},
    };
    const error = noAnswer("ml", { ...together(readySource("declared"), readySource("nodes")), namespaceWatch });
    assert.ok(error.message.endsWith(missing));
  });
});

describe("nothing can be read", () => {
  test("unless at least one source can", () => {
    assert.equal(everySourceForbidden(together(broken("declared", "forbidden"), readySource("nodes"))), undefined);
    assert.equal(everySourceForbidden(together(broken("nodes", "unreachable", readySource("nodes")))), undefined);
  });

  test("when all are forbidden", () => {
    assert.ok(
      everySourceForbidden(together(broken("declared", "forbidden"), broken("nodes", "forbidden"))) instanceof
        ForbiddenError,
    );
    assert.equal(everySourceForbidden(together(broken("nodes", "timeout"))), undefined);
  });
});
