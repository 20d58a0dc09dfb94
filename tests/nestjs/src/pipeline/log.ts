/**
 * What ran, in order. A transcript holds it: every scenario asks for it with the message `marker`.
 *
 * There is one log for the process, since scenarios run one after the other.
 */
let entries: string[] = [];

export function log(entry: string): void {
  entries.push(entry);
}

export function takeLog(): string[] {
  const taken = entries;
  entries = [];
  return taken;
}

/** The message that ends a scenario; enhancers leave it alone. */
export const MARKER = 'marker';
