import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ecrWebhook } from "./ecr.ts";
import { bridged, ECR_HINT, ecrPush } from "./testing/eventbridge-events.ts";
import { DIGEST, post, receiverOf, signal } from "./testing/requests.ts";

const headers = { "x-api-key": "s3cret" };
const receiver = receiverOf(ecrWebhook, { headers });
const hints = async (event: object): Promise<unknown> => (await receiver.receive(post(event, headers), signal)).hints;
const { registry, repository } = ECR_HINT;
const place = { registry, repository, digest: DIGEST };
const image = { "repository-name": repository, "image-digest": DIGEST };
const arn = "arn:aws:ecr:us-east-2:210987654321:repository/team/executor-ml";

describe("Amazon ECR's events through an EventBridge API destination", () => {
  test("a push names registry, repository, tag and digest", async () => {
    const answer = await receiver.receive(post(ecrPush(), headers), signal);
    assert.deepEqual(answer, { status: 202, hints: [ECR_HINT], delivery: "13cde686" });
  });

  test("deletions, images put into the archive and back, and replications", async () => {
    const change = (type: string, more: object = {}): object =>
      bridged("ECR Image Action", { ...image, result: "SUCCESS", "action-type": type, ...more });
    assert.deepEqual(await hints(change("DELETE")), [{ action: "deleted", ...place }]);
    const archived = change("UPDATE_STORAGE_CLASS", { "target-storage-class": "ARCHIVE" });
    assert.deepEqual(await hints(archived), [{ action: "deleted", ...place }]);
    const restored = change("UPDATE_STORAGE_CLASS", { "target-storage-class": "STANDARD" });
    assert.deepEqual(await hints(restored), [{ action: "pushed", ...place }]);
    const replication = { ...image, "action-type": "REPLICATE", "source-region": "us-east-1", "image-tag": "1.0" };
    const replicated = bridged("ECR Replication Action", { ...replication, result: "SUCCESS" });
    assert.deepEqual(await hints(replicated), [{ action: "pushed", ...place, tag: "1.0" }]);
    assert.deepEqual(await hints(bridged("ECR Replication Action", { ...replication, result: "FAILED" })), []);
  });

  test("scans of ECR name each tag, or none", async () => {
    const scan = (tags: readonly string[]): object =>
      bridged("ECR Image Scan", { ...image, "scan-status": "COMPLETE", "image-tags": tags });
    assert.deepEqual(await hints(scan([])), [{ action: "scanned", ...place }]);
    assert.deepEqual(await hints(scan(["1.0", "latest"])), [
      { action: "scanned", ...place, tag: "1.0" },
      { action: "scanned", ...place, tag: "latest" },
    ]);
  });

  test("Inspector names the repository by ARN, whose account and region count", async () => {
    const detail = {
      ...image,
      "repository-name": arn,
      "scan-status": "INITIAL_SCAN_COMPLETE",
      "finding-severity-counts": { CRITICAL: 7, TOTAL: 7 },
      "image-tags": ["1.0"],
    };
    assert.deepEqual(await hints(bridged("Inspector2 Scan", detail, { source: "aws.inspector2" })), [
      { action: "scanned", ...place, registry: "210987654321.dkr.ecr.us-east-2.amazonaws.com", tag: "1.0" },
    ]);
    const bad = bridged(
      "Inspector2 Scan",
      { ...detail, "repository-name": "arn:aws:s3:::x" },
      { source: "aws.inspector2" },
    );
    await assert.rejects(hints(bad), { code: "invalid-webhook", path: "detail.repository-name" });
  });

  test("China's registries have hosts of their own", async () => {
    const push = { ...ecrPush(), region: "cn-north-1" };
    assert.deepEqual(await hints(push), [
      { ...ECR_HINT, registry: "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn" },
    ]);
  });

  test("a managed signature's push is news of its subject", async () => {
    const tag = DIGEST.replace(":", "-");
    assert.deepEqual(await hints(ecrPush(repository, tag)), [{ action: "signed", ...place }]);
  });

  test("events that a wide rule lets through mean nothing", async () => {
    assert.deepEqual(await hints(bridged("ECR Pull Through Cache Action", {})), []);
    assert.deepEqual(await hints(bridged("ECR Image Action", image, { source: "custom.ecr" })), []);
    assert.deepEqual(await hints(bridged("ECR Image Action", { ...image, "action-type": "OTHER" })), []);
  });

  test("a push without a repository is malformed; without the header, nothing is read", async () => {
    const bad = bridged("ECR Image Action", { "action-type": "PUSH" });
    await assert.rejects(hints(bad), { code: "invalid-webhook", path: "detail.repository-name" });
    await assert.rejects(receiver.receive(post("{"), signal), { code: "unauthorized" });
  });
});
