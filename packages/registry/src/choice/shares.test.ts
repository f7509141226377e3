import assert from "node:assert/strict";
import { test } from "node:test";
import { answerFor, type Rendered } from "./shares.ts";

const rendered = (etag: string): Rendered => ({ body: Buffer.from(etag), etag });

test("one answer is for every subject", () => {
  const only = rendered("a");
  assert.equal(answerFor(only, "run-1"), only);
});

test("a subject always gets the same of several answers, and each answer its share of the subjects", () => {
  const [stable, candidate] = [rendered("stable"), rendered("candidate")];
  const answer = {
    shares: [
      { weight: 90, rendered: stable },
      { weight: 10, rendered: candidate },
    ],
  };
  const subjects = Array.from({ length: 10_000 }, (_, index) => `run-${index}`);
  const chosen = subjects.filter((subject) => answerFor(answer, subject) === candidate);
  assert.ok(chosen.length > 850 && chosen.length < 1150, `${chosen.length} of 10000`);
  for (const subject of chosen) assert.equal(answerFor(answer, subject), candidate);
});
