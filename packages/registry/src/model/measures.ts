/** How a scan of all of a source ended: it read everything, or not, or what it read could not be written down. */
export type ScanEnd = "complete" | "incomplete" | "unrecorded";

/** What is measured where it happens. All else that is measured is known anyway, and read when it is asked for. */
export interface Measures {
  /** A scan of all of a source has ended. @param seconds how long it took */
  scanned(source: string, outcome: ScanEnd, seconds: number): void;
  /** What an event named was looked at and written down. @param seconds since the event was taken */
  followed(seconds: number): void;
}

/** Where nobody asks. */
export const UNMEASURED: Measures = { scanned() {}, followed() {} };
