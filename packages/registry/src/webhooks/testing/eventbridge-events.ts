import { DIGEST } from "./requests.ts";

/** An event as EventBridge delivers it, of account 123456789012 in eu-west-1. */
export function bridged(type: string, detail: object, more: object = {}): object {
  return {
    version: "0",
    id: "13cde686-328b-6117-af20-0e5566167482",
    "detail-type": type,
    source: "aws.ecr",
    account: "123456789012",
    time: "2026-11-23T12:00:00Z",
    region: "eu-west-1",
    resources: [],
    detail,
    ...more,
  };
}

/** A push to ECR. */
export function ecrPush(repository = "team/executor-ml", tag = "1.0", id = "13cde686"): object {
  const detail = {
    result: "SUCCESS",
    "repository-name": repository,
    "image-digest": DIGEST,
    "action-type": "PUSH",
    "image-tag": tag,
  };
  return bridged("ECR Image Action", detail, { id });
}

/** The hint that {@link ecrPush} becomes. */
export const ECR_HINT = {
  action: "pushed",
  registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
  repository: "team/executor-ml",
  tag: "1.0",
  digest: DIGEST,
} as const;
