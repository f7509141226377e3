import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type EcrImage, startEcrDouble } from "../../../../testing/ecr-double.ts";
import { ecrSource, scanned } from "./testing/ecr.ts";

const HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, "0")}`;
const image = (n: number, ...tags: readonly string[]): EcrImage => ({ digest: digest(n), tags });

describe("a scan of Amazon ECR", () => {
  test("costs a call per 1,000 repositories and per 1,000 images of those that hold executors", async () => {
    await using ecr = await startEcrDouble();
    for (let n = 0; n < 1300; n++) ecr.set(`other/app-${n}`, [image(n, "1.0.0")]);
    for (let n = 0; n < 199; n++) ecr.set(`team/executor-t${n}`, [image(n, "1.0.0")]);
    ecr.set(
      "team/executor-ml",
      Array.from({ length: 2500 }, (_, n) => image(n, `1.0.${n}`)),
    );
    const source = ecrSource(ecr);
    const { outcome, listings } = await scanned(source);
    assert.deepEqual(outcome, { complete: true });
    const ml = listings.get(`${HOST}/team/executor-ml`);
    assert.equal(ml?.state === "listed" && ml.images.length, 2500);
    assert.equal(listings.size, 200);
    assert.deepEqual([ecr.count("DescribeRepositories"), ecr.count("DescribeImages")], [2, 199 + 3]);
    assert.deepEqual([ecr.calls.length, source.requests], [204, 204]);
  });
});
