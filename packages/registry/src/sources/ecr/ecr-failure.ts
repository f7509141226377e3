import {
  type Place,
  RegistryError,
  type RegistryErrorCode,
  type RegistryErrorFacts,
  RepositoryGoneError,
} from "../../oci/wire/errors.ts";
import { retryAfter } from "../../net/retry-after.ts";

/** What AWS's SDK throws, as far as it is of use. Its class names are `name`. */
interface SdkError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

const THROTTLED = /^(?:Throttl|TooManyRequests|RequestLimitExceeded|RequestThrottled|SlowDown)/;
const FORBIDDEN = /^(?:AccessDenied|UnauthorizedOperation|NotAuthorized)/;
/** @see https://docs.aws.amazon.com/AmazonECR/latest/APIReference/CommonErrors.html */
const UNAUTHORIZED =
  /^(?:UnrecognizedClient|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|InvalidClientTokenId|InvalidIdentityToken|MissingAuthenticationToken|ExpiredToken|RequestExpired|OptInRequired|CredentialsProviderError|TokenProviderError|RequestTimeTooSkewed)/;
/** `User: arn:… is not authorized to perform: ecr:DescribeImages on resource: …` */
const ACTION = /perform: ([a-z0-9-]+:[A-Za-z]+)/;

/**
 * What a failed call means, and what to do about it.
 * @param action the IAM action that the call needs, such as `ecr:DescribeImages`
 */
export function ecrFailure(thrown: unknown, action: string, place: Place, now: number): RegistryError {
  if (thrown instanceof RegistryError) return thrown;
  const error = (thrown instanceof Error ? thrown : new Error(String(thrown))) as SdkError;
  const { httpStatusCode: status, requestId } = error.$metadata ?? {};
  const wait = retryAfter({ headers: error.$response?.headers ?? {}, body: Buffer.alloc(0) }, now);
  const facts = {
    ...(status !== undefined && { status }),
    ...(requestId !== undefined && { requestId }),
    ...(wait !== undefined && { retryAfter: wait }),
  };
  const said = error.message.slice(0, 500);
  const fail = (code: RegistryErrorCode, why: string, more: RegistryErrorFacts = { cause: thrown }): RegistryError =>
    new RegistryError(code, why, place, { ...facts, ...more });

  if (error.name === "RepositoryNotFoundException") {
    return new RepositoryGoneError("there is no such repository", place, { ...facts, cause: thrown });
  }
  if (error.name === "ScanNotFoundException" || error.name === "ImageNotFoundException") {
    return fail("not-found", `there is no such ${error.name.startsWith("Scan") ? "scan" : "image"}`);
  }
  if (THROTTLED.test(error.name) || status === 429) {
    return fail(
      "throttled",
      `AWS limits how often ${action} may be called. Look less often, or ask AWS for a higher rate`,
    );
  }
  if (UNAUTHORIZED.test(error.name)) {
    // AWS explains a refused signature by quoting the request, with its session token in it.
    const why =
      `AWS refuses the credentials, or there are none (${error.name}). Give the service account a role (IRSA or EKS Pod Identity), ` +
      "or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; where they expired, renew them, and check the machine's clock";
    return fail("unauthorized", why, {});
  }
  if (FORBIDDEN.test(error.name) || status === 403) {
    const needed = ACTION.exec(error.message)?.[1] ?? action;
    const trust = needed.startsWith("sts:") ? ", and in the trust policy of the role that is assumed" : "";
    return fail("forbidden", `AWS denies ${needed}. Allow it in the IAM policy of the role${trust}. It says: ${said}`);
  }
  if (error.name === "TimeoutError") return fail("timeout", `AWS did not answer ${action} in time`);
  if (status === undefined || status >= 500) {
    const why =
      status === undefined ? `cannot be reached (${error.code ?? error.name})` : `fails with status ${status}`;
    return fail("unreachable", `ECR's API ${why}`);
  }
  return fail("registry-protocol", `ECR's API refuses ${action}: ${error.name}: ${said}`, {
    cause: thrown,
    retryable: false,
  });
}
