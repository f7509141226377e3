import type { Command } from "../base/command.ts";
import { allow } from "./allow.ts";
import { completeFor } from "./complete.ts";
import { completion } from "./completion.ts";
import { deny } from "./deny.ts";
import { doctor } from "./doctor.ts";
import { get } from "./get.ts";
import { helpFor } from "./help.ts";
import { history } from "./history.ts";
import { journal } from "./journal.ts";
import { list } from "./list.ts";
import { pin, unpin } from "./pin.ts";
import { policy } from "./policy.ts";
import { refresh } from "./refresh.ts";
import { resolve } from "./resolve.ts";
import { rollback } from "./rollback.ts";
import { run } from "./run.ts";
import { versions } from "./versions.ts";
import { version } from "./version.ts";
import { watch } from "./watch.ts";
import { why } from "./why.ts";

/** Every command, in the order of help. */
export const COMMANDS: readonly Command[] = [
  list,
  resolve,
  run,
  watch,
  get,
  versions,
  why,
  history,
  pin,
  unpin,
  rollback,
  deny,
  allow,
  policy,
  journal,
  refresh,
  doctor,
  completion,
  version,
  helpFor(() => COMMANDS),
  completeFor(() => COMMANDS),
];
