import { z } from "zod";
import { Endpoint, pacingOf, polling, Repositories, requests, scannedKind } from "../source-kind.ts";
import { createEcrSource } from "./ecr.ts";

/** YAML takes them for a number, and drops leading zeros. */
const ACCOUNT = "expected an account's 12 digits, in quotes";

export const RoleArn = z
  .string()
  .regex(/^arn:[a-z-]+:iam::\d{12}:role\/.+$/, "expected arn:aws:iam::ACCOUNT:role/NAME")
  .optional()
  .meta({ description: "A role to assume first" });

const settings = z.strictObject({
  ...polling,
  kind: z.literal("ecr"),
  regions: z
    .array(z.string().regex(/^[a-z]{2,}(?:-[a-z]+)+-\d+$/, "expected a region, such as eu-west-1"))
    .min(1)
    .meta({ description: "In the order of preference" }),
  registryId: z
    .string({ error: ACCOUNT })
    .regex(/^\d{12}$/, ACCOUNT)
    .optional()
    .meta({ description: "The account whose registry it is; the credentials' own when absent" }),
  roleArn: RoleArn,
  repositories: Repositories,
  endpoint: Endpoint,
  requests,
});

/** Amazon ECR. */
export const ecrKind = scannedKind({
  schema: settings,
  make: ({ name, regions, registryId, roleArn, repositories, endpoint, requests }, { naming, clock, random, log }) =>
    createEcrSource({
      name,
      regions,
      repositories,
      pacing: pacingOf(requests),
      ...(registryId !== undefined && { registryId }),
      ...(roleArn !== undefined && { roleArn }),
      ...(endpoint !== undefined && { endpoint }),
      naming,
      clock,
      random,
      log,
    }),
});
