import { z } from "zod";
import { Secret } from "../settings/secret.ts";

/** Where traces are sent. */
export const TracingSettings = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/ })
    .refine(
      (url) => URL.parse(url)?.username === "" && URL.parse(url)?.password === "",
      "it must hold no credentials: put them into headers",
    )
    .meta({
      description:
        "A collector that takes OTLP over HTTP, without the path: `http://collector:4318`. Nothing is traced without it",
    }),
  sample: z.number().min(0).max(1).default(1).meta({
    description:
      "Which part of the traces is kept; where the caller of a webhook has decided that for its trace, that counts",
  }),
  headers: z.record(z.string(), Secret).default({}).meta({ description: "Sent along, such as `authorization`" }),
});
export type TracingSettings = z.output<typeof TracingSettings>;
