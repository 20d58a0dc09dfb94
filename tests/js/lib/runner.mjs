/**
 * Runs checks one after the other and counts. Knows nothing of what they check.
 */
import { within } from './wait.mjs';

/** How long one check may take in all. */
const CHECK_LIMIT_MS = 90_000;

/** Runs `checks` (name → function of a session), each with a session of its own; returns how many failed. */
export async function runChecks(checks, newSession) {
  let passed = 0;
  const failed = [];
  for (const [name, check] of Object.entries(checks)) {
    const session = newSession();
    try {
      const whole = async () => {
        await check(session);
        await session.checkTransports();
      };
      await within(whole(), `the end of "${name}"`, CHECK_LIMIT_MS);
      passed += 1;
      console.log(`ok   ${name}`);
    } catch (error) {
      failed.push(name);
      console.log(`FAIL ${name}\n${indent(error?.stack ?? String(error))}`);
    } finally {
      session.close();
    }
  }
  for (const name of failed) {
    console.log(`failed: ${name}`);
  }
  console.log(`${passed} passed, ${failed.length} failed`);
  return failed.length;
}

function indent(text) {
  return text.replace(/^/gm, '     ');
}
