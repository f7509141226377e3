import { z } from "zod";
import type { Operation } from "./route.ts";

/** The operations that are no JSON in, JSON out: the server writes them itself, and they are documented with the rest. */
export const OTHER_OPERATIONS: readonly Operation[] = [
  {
    method: "GET",
    path: "/events",
    id: "events",
    summary: "Changes of answers, as server-sent events",
    description:
      "`executor` tells a type's new image (or none); `reset` says to ask anew for all that is kept. A client that comes back " +
      "with `Last-Event-ID` gets what it missed. A comment comes every 15 seconds.",
    role: "reader",
    answers: {
      200: { description: "The stream", schema: z.string(), mediaType: "text/event-stream" },
      429: { description: "As many listen as there is room for" },
    },
  },
  {
    method: "POST",
    path: "/webhooks/{name}",
    id: "webhook",
    summary: "An event of a registry",
    description:
      "By the name in the configuration, which also says how its sender is recognised; for some by a token as one more segment " +
      "of the path. An event is a hint: the repositories it names are looked at, and nothing it says is believed.",
    params: z.object({ name: z.string() }),
    answers: {
      202: {
        description: "Taken; `accepted` repositories will be looked at",
        schema: z.object({ accepted: z.number() }),
      },
      400: { description: "No event of this sender" },
      401: { description: "Not from this sender" },
      404: { description: "No such webhook" },
    },
  },
  {
    method: "POST",
    path: "/webhooks/{name}/{token}",
    id: "webhookWithToken",
    summary: "An event of a registry that shows who it is by the path's last part",
    description:
      "By the name in the configuration, which also says how its sender is recognised; for some by a token as one more segment " +
      "of the path. An event is a hint: the repositories it names are looked at, and nothing it says is believed.",
    params: z.object({ name: z.string(), token: z.string() }),
    answers: {
      202: {
        description: "Taken; `accepted` repositories will be looked at",
        schema: z.object({ accepted: z.number() }),
      },
      400: { description: "No event of this sender" },
      401: { description: "Not from this sender" },
      404: { description: "No such webhook" },
    },
  },
  {
    method: "GET",
    path: "/metrics",
    id: "metrics",
    summary: "Numbers for Prometheus",
    answers: { 200: { description: "The numbers", schema: z.string(), mediaType: "text/plain" } },
  },
];

/** The methods of a path; none where there is no such path. */
export function allowedMethods(operations: readonly Operation[], url: string): readonly string[] {
  const parts = url.replace(/[?#].*$/s, "").split("/");
  const found = operations.filter(({ path }) => {
    const pattern = path.split("/");
    return pattern.length === parts.length && pattern.every((part, at) => part.startsWith("{") || part === parts[at]);
  });
  const methods = new Set<string>(found.map(({ method }) => method));
  if (PAGES.has(parts.join("/"))) methods.add("GET");
  if (methods.has("GET")) methods.add("HEAD");
  if (methods.size > 0 && parts[1] === "webhooks") methods.add("OPTIONS");
  return [...methods].sort();
}

/** What is no operation, but can be read. */
const PAGES: ReadonlySet<string> = new Set(["/openapi.json", "/docs"]);
