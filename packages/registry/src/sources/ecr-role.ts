import type { ECRClientConfig } from "@aws-sdk/client-ecr";
import { type Place, RegistryError } from "../oci/errors.ts";

type Credentials = Exclude<NonNullable<ECRClientConfig["credentials"]>, (...args: never) => unknown>;

/**
 * Credentials of a role, taken with others. They live an hour; the SDK asks again when they are about to expire.
 * @param own who takes the role
 */
export function roleCredentials(
  roleArn: string,
  region: string,
  own: () => Promise<Credentials>,
  place: Place,
): () => Promise<Credentials> {
  return async () => {
    const { AssumeRoleCommand, STSClient } = await import("@aws-sdk/nested-clients/sts");
    const sts = new STSClient({ region, credentials: own });
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
