/** The log that tells why an evaluation ended so: of the stage that failed, else of its tests, else the last one. */
export function decisiveLog(
  stage: string | null | undefined,
  logs: Readonly<Record<string, string>>,
): string | undefined {
  return stage ? logs[stage] : (logs['test'] ?? Object.values(logs).at(-1));
}
