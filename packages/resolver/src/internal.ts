// Small tools that this project's packages share. Promised to nobody: they change without notice.
export { beginCall, type Call } from "./http/call.ts";
export { readJobTemplate } from "./kubernetes/declared/job-template.ts";
export { exchange, readBody } from "./http/exchange.ts";
export { readRegularFile } from "./regular-file.ts";
