/**
 * Drives an example app that is already running:
 *
 *     node run.mjs <example> --url http://127.0.0.1:3000 --transport websocket|polling|default --client 4|3
 *     node run.mjs <events|channels> --url ws://127.0.0.1:3000 --client ws
 *     node run.mjs cluster --url http://127.0.0.1:3001 --url http://127.0.0.1:3002 …    the servers of one cluster
 *
 * Ends with `N passed, M failed`, and with exit code 0 if nothing failed.
 */
import { parseArgs } from 'node:util';
import { runChecks } from './lib/runner.mjs';
import { Session } from './lib/session.mjs';

const EXAMPLES = ['events', 'chat', 'channels', 'rooms', 'notifications', 'auth', 'namespaces', 'cluster'];
const CLIENTS = ['4', '3', 'ws'];
const TRANSPORTS = ['websocket', 'polling', 'default'];

function usage(problem) {
  console.error(`${problem}
usage: node run.mjs <${EXAMPLES.join('|')}> --url URL [--transport ${TRANSPORTS.join('|')}] [--client ${CLIENTS.join('|')}]`);
  process.exit(2);
}

function commandLine() {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: {
        url: { type: 'string', multiple: true },
        transport: { type: 'string', default: 'default' },
        client: { type: 'string', default: '4' },
      },
    });
  } catch (error) {
    usage(error.message);
  }
  const { positionals, values } = parsed;
  if (positionals.length !== 1 || !EXAMPLES.includes(positionals[0])) usage('which example?');
  const urls = values.url ?? [];
  if (urls.length === 0 || !urls.every((url) => URL.canParse(url))) usage('--url is missing or no URL');
  if (!TRANSPORTS.includes(values.transport)) usage(`unknown transport ${values.transport}`);
  if (!CLIENTS.includes(values.client)) usage(`unknown client ${values.client}`);
  return { example: positionals[0], target: { ...values, url: urls[0], urls } };
}

// Nothing that goes wrong in the background may pass unseen.
process.on('unhandledRejection', (reason) => {
  console.error('unhandled rejection:', reason);
  process.exit(1);
});

const { example, target } = commandLine();
const checks = await import(`./examples/${example}.mjs`);
const chosen = target.client === 'ws' ? checks.ws : checks.socketIo;
if (!chosen) usage(`${example} has no checks for --client ${target.client}`);

const failures = await runChecks(chosen, () => new Session(target));
process.exit(failures === 0 ? 0 : 1);
