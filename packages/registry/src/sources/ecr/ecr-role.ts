import type { ECRClientConfig } from "@aws-sdk/client-ecr";
import { type Proxies, proxiesOf } from "../../net/proxies.ts";
import { type Place, RegistryError } from "../../oci/wire/errors.ts";

/** What AWS's clients sign with. */
export type AwsCredentials = Exclude<NonNullable<ECRClientConfig["credentials"]>, (...args: never) => unknown>;

/** Which role to assume. */
export interface RoleOptions {
  readonly roleArn: string;
  readonly region: string;
  /** Who assumes it. */
  readonly own: AwsCredentials | (() => Promise<AwsCredentials>);
  /** @default AWS's own, or `AWS_ENDPOINT_URL_STS` */
  readonly endpoint?: string;
  /** @default the environment's */
  readonly proxies?: Proxies;
  /** For messages. */
  readonly place: Place;
}

/** Credentials of a role, for an hour. A client of the SDK asks for them again when they are about to expire. */
export function roleCredentials(options: RoleOptions): () => Promise<AwsCredentials> {
  const { roleArn, region, own, endpoint, place, proxies = proxiesOf() } = options;
  return async () => {
    const { AssumeRoleCommand, STSClient } = await import("@aws-sdk/client-sts");
    const limits = { connectionTimeout: 5000, requestTimeout: 30_000, throwOnRequestTimeout: true };
    const requestHandler = { ...limits, ...proxies.agents() };
    const where = { region, ...(endpoint !== undefined && { endpoint }) };
    // The call that these credentials are for is repeated as a whole.
    const sts = new STSClient({ ...where, credentials: own, maxAttempts: 1, requestHandler });
    try {
      const ask = { RoleArn: roleArn, RoleSessionName: "executor-registry", DurationSeconds: 3600 };
      const { Credentials: given } = await sts.send(new AssumeRoleCommand(ask));
      if (given?.AccessKeyId === undefined || given.SecretAccessKey === undefined) {
        throw new RegistryError("unauthorized", `AWS gives no credentials for the role ${roleArn}`, place);
      }
      return {
        accessKeyId: given.AccessKeyId,
        secretAccessKey: given.SecretAccessKey,
        ...(given.SessionToken !== undefined && { sessionToken: given.SessionToken }),
        ...(given.Expiration !== undefined && { expiration: given.Expiration }),
      };
    } finally {
      sts.destroy();
    }
  };
}
