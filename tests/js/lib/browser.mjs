/**
 * A real browser, and checks of pages in it. Knows nothing of any page.
 *
 * `CHROMIUM` names another browser than Debian's.
 */
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

/** How long anything on a page may take. */
export const WAIT_MS = 30_000;

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `{ url, screenshot }` of a command line `--url URL [--screenshot FILE]`; ends the process if it is none. */
export function pageArguments(script) {
  const options = { url: { type: 'string' }, screenshot: { type: 'string' } };
  const { values } = parseArgs({ options });
  if (!values.url) {
    console.error(`usage: node browser/${script} --url URL [--screenshot FILE]`);
    process.exit(2);
  }
  return values;
}

/** Runs `use` with a function that opens an empty page, each in a context (cookies, storage) of its own. */
export async function withBrowser(use) {
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS, timeout: 4 * WAIT_MS });
  try {
    return await use(async () => {
      const page = await (await browser.newContext()).newPage();
      page.setDefaultTimeout(WAIT_MS);
      return page;
    });
  } finally {
    await browser.close();
  }
}

/**
 * Runs checks (name → function of `world`), which build on each other, so the first failure ends the run; `windows` have what
 * went wrong on their pages in `errors`. Returns the exit code.
 */
export async function runPageChecks(checks, world, windows) {
  let passed = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check(world);
    } catch (error) {
      console.log(`FAIL ${name}\n${error?.stack ?? error}`);
      console.log(`errors of the page: ${JSON.stringify(windows.flatMap(({ errors }) => errors).slice(0, 10))}`);
      console.log(`failed: ${name}`);
      console.log(`${passed} passed, 1 failed`);
      return 1;
    }
    passed += 1;
    console.log(`ok   ${name}`);
  }
  console.log(`${passed} passed, 0 failed`);
  return 0;
}
