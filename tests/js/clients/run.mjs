/**
 * Drives the server of `clients-app` (or `server.mjs`, its model), which is already running:
 *
 *     node clients/run.mjs --url http://127.0.0.1:3000 --transport websocket|polling|default --client 2|2-base64|…
 *
 * Ends with `N passed, M failed`, and with exit code 0 if nothing failed.
 */
import { parseArgs } from 'node:util';
import { runChecks } from '../lib/runner.mjs';
import { checks } from './checks.mjs';
import { Matrix } from './client.mjs';
import { CLIENT_NAMES, load } from './versions.mjs';

const TRANSPORTS = ['websocket', 'polling', 'default'];

function usage(problem) {
  console.error(`${problem}
usage: node clients/run.mjs --url URL --transport ${TRANSPORTS.join('|')} --client ${CLIENT_NAMES.join('|')}`);
  process.exit(2);
}

function commandLine() {
  let values;
  try {
    ({ values } = parseArgs({
      options: { url: { type: 'string' }, transport: { type: 'string', default: 'default' }, client: { type: 'string', default: '4' } },
    }));
  } catch (error) {
    usage(error.message);
  }
  if (!values.url || !URL.canParse(values.url)) usage('--url is missing or no URL');
  if (!TRANSPORTS.includes(values.transport)) usage(`unknown transport ${values.transport}`);
  if (!CLIENT_NAMES.includes(values.client)) usage(`unknown client ${values.client}`);
  return values;
}

// Nothing that goes wrong in the background may pass unseen.
process.on('unhandledRejection', (reason) => {
  console.error('unhandled rejection:', reason);
  process.exit(1);
});

const target = commandLine();
const version = load(target.client);
const failures = await runChecks(checks, () => new Matrix(target, version));
process.exit(failures === 0 ? 0 : 1);
