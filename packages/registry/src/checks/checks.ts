import { z } from "zod";
import type { Check } from "./check.ts";
import { approvedNamespaces, createNamespaceCheck } from "./namespace.ts";
import { runnableCheck } from "./runnable.ts";

/** The settings of all checks: a new one adds its own here, and itself below. */
export const CheckSettings = z.strictObject({ approvedNamespaces });

/** The checks of a configuration, in the order of their verdicts. */
export const makeChecks = (settings: z.output<typeof CheckSettings>): readonly Check[] => [
  createNamespaceCheck(settings.approvedNamespaces),
  runnableCheck,
];
