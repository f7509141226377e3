import { z } from "zod";

/** A name of a source, webhook or queue. */
export const Name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "expected lower-case letters, digits and dashes");

/** What all senders of events have: a name, and whose images they may mean. */
export const senderSettings = {
  name: Name,
  source: Name.optional().meta({
    description: "The only source whose repositories its events may mean; any source when absent",
  }),
};
