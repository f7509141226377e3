import { randomUUID } from "node:crypto";
import type { JobRequest } from "@executor-registry/dispatcher";

/** The caller's mistake, with the HTTP status that says so. */
export class RequestError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isTextRecord = (value: unknown): value is Readonly<Record<string, string>> =>
  isRecord(value) && Object.values(value).every(isText);

/** Reads a request's JSON body. Without `id` it is a run of its own; an empty body asks for nothing special. */
export function parseJobRequest(text: string): JobRequest {
  let body: unknown;
  try {
    body = text === "" ? {} : JSON.parse(text);
  } catch {
    throw new RequestError(400, "The body is not JSON");
  }
  if (!isRecord(body)) throw new RequestError(400, "The body must be an object");
  const { id = randomUUID(), args, env, ...others } = body;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new RequestError(400, `The body takes id, args and env, not ${other}`);
  if (!isText(id)) throw new RequestError(400, "id must be a string");
  if (args !== undefined && !isTexts(args)) throw new RequestError(400, "args must be an array of strings");
  if (env !== undefined && !isTextRecord(env)) throw new RequestError(400, "env must be an object of strings");
  return { id, ...(args === undefined ? {} : { args }), ...(env === undefined ? {} : { env }) };
}
