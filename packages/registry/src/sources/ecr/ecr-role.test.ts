import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startLoopbackServer } from "../../../../../testing/loopback-server.ts";
import { ecrFailure } from "./ecr-failure.ts";
import { roleCredentials } from "./ecr-role.ts";

const roleArn = "arn:aws:iam::999999999999:role/executors";
const place = { host: "api.ecr.eu-west-1.amazonaws.com" };
const own = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "not-a-secret" };
const namespace = "https://sts.amazonaws.com/doc/2011-06-15/";

describe("a role in another account", () => {
  test("is taken with the service's own credentials, for an hour", async () => {
    await using sts = await startLoopbackServer((_request, response) => {
      const given =
        "<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>" +
        "<SessionToken>session</SessionToken><Expiration>2026-11-23T13:00:00Z</Expiration>";
      const result = `<AssumeRoleResult><Credentials>${given}</Credentials></AssumeRoleResult>`;
      response.writeHead(200, { "content-type": "text/xml" });
      response.end(`<AssumeRoleResponse xmlns="${namespace}">${result}</AssumeRoleResponse>`);
    });
    const credentials = roleCredentials({ roleArn, region: "eu-west-1", own, endpoint: sts.url, place });
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await credentials();
    assert.deepEqual([accessKeyId, secretAccessKey, sessionToken], ["ASIAROLE", "role-secret", "session"]);
    assert.equal(expiration?.toISOString(), "2026-11-23T13:00:00.000Z");
    const [request] = sts.received;
    const form = new URLSearchParams(request?.body.toString());
    const asked = ["Action", "RoleArn", "RoleSessionName", "DurationSeconds"].map((name) => form.get(name));
    assert.deepEqual(asked, ["AssumeRole", roleArn, "executor-registry", "3600"]);
    assert.match(request?.headers.authorization ?? "", /Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/sts\//);
  });

  test("that may not be assumed is reported with the policies to look at", async () => {
    await using sts = await startLoopbackServer((_request, response) => {
      const why = `User: arn:aws:iam::123456789012:user/x is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`;
      const error = `<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${why}</Message></Error>`;
      response.writeHead(403, { "content-type": "text/xml" });
      response.end(`<ErrorResponse xmlns="${namespace}">${error}<RequestId>r</RequestId></ErrorResponse>`);
    });
    const credentials = roleCredentials({ roleArn, region: "eu-west-1", own, endpoint: sts.url, place });
    const refused = await credentials().then(
      () => undefined,
      (error: unknown) => ecrFailure(error, "ecr:DescribeImages", place, 0),
    );
    assert.equal(refused?.code, "forbidden");
    assert.match(refused?.message ?? "", /AWS denies sts:AssumeRole\. .*trust policy.*role\/executors/);
  });
});
