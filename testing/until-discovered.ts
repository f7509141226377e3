/** Whether the service has looked at every image that it answers with, for what the image can do. */
export async function isDiscovered(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/executors?fields=capabilitiesIncomplete`);
  return !(await answer.text()).includes("not looked at yet");
}

/** Resolves once {@link isDiscovered} holds. */
export async function untilDiscovered(url: string): Promise<void> {
  while (!(await isDiscovered(url)));
}
