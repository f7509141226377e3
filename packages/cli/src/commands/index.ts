import type { Command } from "../command.ts";
import { completeFor } from "./complete.ts";
import { completion } from "./completion.ts";
import { doctor } from "./doctor.ts";
import { helpFor } from "./help.ts";
import { list } from "./list.ts";
import { resolve } from "./resolve.ts";
import { run } from "./run.ts";
import { serve } from "./serve.ts";
import { version } from "./version.ts";
import { watch } from "./watch.ts";

/** Every command, in the order of help. */
export const COMMANDS: readonly Command[] = [
  list,
  resolve,
  run,
  watch,
  serve,
  doctor,
  completion,
  version,
  helpFor(() => COMMANDS),
  completeFor(() => COMMANDS),
];
