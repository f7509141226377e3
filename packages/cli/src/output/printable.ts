/** Text from a cluster as a terminal may show it: what would steer the terminal is shown as a replacement character. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, "\u{fffd}");
}
