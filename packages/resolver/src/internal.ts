// Small tools that this project's packages share. Not a public interface: they change without notice.
export { beginCall, type Call } from "./http/call.ts";
export { readJobTemplate } from "./kubernetes/declared/job-template.ts";
export { exchange, readBody } from "./http/exchange.ts";
export { untilAborted } from "./tools/abort.ts";
export { backoff } from "./tools/backoff.ts";
export { errorTable } from "./tools/errors.ts";
export { parseRetryAfter } from "./tools/retry-after.ts";
export { withTimeLimit } from "./tools/time-limit.ts";
export { readRegularFile } from "./tools/regular-file.ts";
export { type PathParams, SERVICE_OPERATIONS, type ServiceOperation } from "./contract/operations.ts";
export { PROBLEM_TYPES } from "./contract/executor-document.ts";
export { NotADocument } from "./contract/json.ts";
export { parseProblem, parseVersionNames } from "./contract/parse-document.ts";
export type * from "./contract/service-documents.ts";
export type { ClusterAccess, Credentials } from "./kubernetes/api/access.ts";
export { httpsApi } from "./kubernetes/api/https-api.ts";
export { endingInTime, INTERRUPTED, interruptedExit, Interruption } from "./tools/interruption.ts";
export { escaped, linesOf, printable, steers } from "./tools/printable.ts";
