/**
 * Waiting with a time limit. Every wait says what it waits for, so that a failure names what did not come.
 */

/** How long anything may take that a server answers at once. */
export const DEFAULT_WAIT_MS = 20_000;

/** The settled `promise`, or an error that names `what` after `limitMs`. */
export async function within(promise, what, limitMs = DEFAULT_WAIT_MS) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${limitMs} ms for ${what}`)), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
