import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecutorDocument, ExecutorEvent } from "@executor-registry/resolver";
import { documentOf } from "../../../../testing/registry-double.ts";
import { Answers, CATALOGUE } from "./answers.ts";

const from = (source: string, version: string): ExecutorDocument => ({
  ...documentOf("ml", `r.test/executor-ml:${version}`),
  source,
});

function answersOf(...order: string[]) {
  const answers = new Answers((source) => order.indexOf(source));
  const events: ExecutorEvent[] = [];
  answers.snapshot.onChange((event) => events.push(event));
  return { answers, events, order };
}

test("of several sources that know a type, the one that the configuration puts first answers, and names the others", () => {
  const { answers, events } = answersOf("kind", "hub");
  answers.set(CATALOGUE, "ml", from("hub", "1.0"));
  answers.set("kind", "ml", from("kind", "2.0"));
  const answer = answers.snapshot.document("ml");
  assert.equal(answer?.version, "2.0");
  assert.match(answer?.warnings.join() ?? "", /source hub has \S+executor-ml@\S+ for this type too; kind comes first/);
  answers.set("kind", "ml", undefined);
  assert.equal(answers.snapshot.document("ml")?.version, "1.0");
  assert.deepEqual(
    events.map(({ version }) => version),
    ["1.0", "2.0", "1.0"],
  );
});

test("red-04: a source that takes over because a better one has nothing any more says so, until that is back or taken out", () => {
  const { answers } = answersOf("kind", "hub");
  answers.set(CATALOGUE, "ml", from("hub", "1.0"));
  answers.set("kind", "ml", from("kind", "2.0"));
  answers.set("kind", "ml", undefined);
  assert.match(
    answers.snapshot.document("ml")?.warnings.join() ?? "",
    /^source kind comes first in the configuration and had \S+executor-ml@\S+, but has no image for this type now$/,
  );
  answers.set("kind", "ml", from("kind", "2.1"));
  assert.equal(answers.snapshot.document("ml")?.version, "2.1");
  answers.set("kind", "ml", undefined);
  answers.keep(new Set());
  assert.deepEqual(answers.snapshot.document("ml")?.warnings, []);
});

test("a complete list takes away what is not on it, and nothing of others", () => {
  const { answers } = answersOf("kind", "hub");
  answers.set(CATALOGUE, "nlp", { ...from("hub", "1.0"), type: "nlp" });
  answers.reset("kind", new Map([["ml", from("kind", "2.0")]]));
  answers.reset("kind", new Map());
  assert.deepEqual(answers.snapshot.types(), ["nlp"]);
});

test("another configuration keeps what it still has, in its own order", () => {
  const { answers, order } = answersOf("kind", "hub");
  answers.set(CATALOGUE, "ml", from("hub", "1.0"));
  answers.set("kind", "ml", from("kind", "2.0"));
  order.reverse();
  answers.keep(new Set(["kind"]));
  assert.equal(answers.snapshot.document("ml")?.version, "1.0");
  answers.keep(new Set());
  assert.deepEqual(answers.snapshot.document("ml"), from("hub", "1.0"));
});
