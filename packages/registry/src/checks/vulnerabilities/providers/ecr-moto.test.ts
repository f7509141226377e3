import assert from "node:assert/strict";
import { test } from "node:test";
import { ECRClient, CreateRepositoryCommand, PutImageCommand, StartImageScanCommand } from "@aws-sdk/client-ecr";
import { isDigest } from "@executor-registry/resolver";
import { ECR_CREDENTIALS as credentials } from "../../../../../../testing/ecr-double.ts";
import { makeImage } from "../../../../../../testing/images.ts";
import { noMoto, startMoto } from "../../../../../../testing/moto.ts";
import { reportedBy, scanContext, targetOf } from "../testing/scans.ts";
import { createEcrScans } from "./ecr.ts";

const PATH = "team/executor-ml";

test(
  "ECR as moto emulates it: never scanned, basic scanning, enhanced scanning",
  { skip: noMoto },
  async ({ signal }) => {
    await using moto = await startMoto();
    const { endpoint } = moto;
    const client = new ECRClient({ endpoint, region: "eu-west-1", credentials });
    try {
      await client.send(new CreateRepositoryCommand({ repositoryName: PATH }));
      const imageManifest = makeImage().manifest.toString();
      const put = await client.send(new PutImageCommand({ repositoryName: PATH, imageManifest, imageTag: "1.0.0" }));
      const imageDigest = put.image?.imageId?.imageDigest ?? "";
      assert.ok(isDigest(imageDigest));
      const provider = createEcrScans({ ...scanContext(), endpoint, credentials });
      const target = targetOf("123456789012.dkr.ecr.eu-west-1.amazonaws.com", PATH, { digest: imageDigest });
      assert.equal((await provider.reportsOf(target, signal)).state, "missing");

      await client.send(new StartImageScanCommand({ repositoryName: PATH, imageId: { imageDigest } }));
      const basic = await reportedBy(provider, target, signal);
      assert.deepEqual(
        [basic.scanner.name, basic.findings.map(({ id }) => id)],
        ["ECR basic scanning", ["CVE-9999-9999"]],
      );

      const packageVulnerabilityDetails = { vulnerabilityId: "CVE-2026-2", vulnerablePackages: [{ name: "torch" }] };
      const imageScanFindings = {
        enhancedFindings: [{ severity: "CRITICAL", status: "ACTIVE", packageVulnerabilityDetails }],
        imageScanCompletedAt: 1_764_000_000,
      };
      const imageScanStatus = { status: "ACTIVE" };
      const result = { imageScanFindings, repositoryName: PATH, imageId: { imageDigest }, imageScanStatus };
      const body = JSON.stringify({ region: "eu-west-1", results: [result] });
      await fetch(`${endpoint}/moto-api/static/ecr/scan-finding-results`, { method: "POST", body });
      const { scanner, findings } = await reportedBy(provider, target, signal);
      assert.deepEqual(
        [scanner.name, findings.map(({ id, severity }) => [id, severity])],
        ["Inspector", [["CVE-2026-2", "critical"]]],
      );
    } finally {
      client.destroy();
    }
  },
);
