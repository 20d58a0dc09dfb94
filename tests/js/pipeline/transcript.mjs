/**
 * Runs the scenarios against a server and writes what each client was told, one line of JSON a scenario:
 *
 *     node pipeline/transcript.mjs --url http://127.0.0.1:3000 --adapter io|ws [--parser msgpack] [--only <beginning of names>]
 *
 * The server is `node dist/main.js pipeline` of `../nestjs`, or `pipeline-app`. Nothing here judges: the
 * transcripts of both are compared.
 */
import { parseArgs } from 'node:util';
import * as msgpack from 'socket.io-msgpack-parser';
import { IoClient, WsClient } from './clients.mjs';
import { perform } from './scenario.mjs';
import * as bodies from './scenarios/arguments.mjs';
import * as connections from './scenarios/connections.mjs';
import * as exceptions from './scenarios/exceptions.mjs';
import * as filters from './scenarios/filters.mjs';
import * as interceptors from './scenarios/interceptors.mjs';
import * as metadata from './scenarios/metadata.mjs';
import * as orders from './scenarios/orders.mjs';
import * as pipes from './scenarios/pipes.mjs';
import * as replies from './scenarios/replies.mjs';
import * as validation from './scenarios/validation.mjs';

const CLIENTS = { io: IoClient, ws: WsClient };

/** What the server was started with. */
const PARSERS = { default: undefined, msgpack };

const SCENARIOS = [bodies, connections, exceptions, filters, interceptors, metadata, orders, pipes, replies, validation]
  .flatMap((feature) => feature.scenarios);

const { url, adapter, parser, only } = parseArgs({
  options: {
    url: { type: 'string' },
    adapter: { type: 'string' },
    parser: { type: 'string', default: 'default' },
    only: { type: 'string', default: '' },
  },
}).values;
if (!URL.canParse(url ?? '') || !CLIENTS[adapter] || !(parser in PARSERS)) {
  console.error('usage: node pipeline/transcript.mjs --url URL --adapter io|ws [--parser msgpack] [--only BEGINNING]');
  process.exit(2);
}

async function connect({ place, ...options } = {}) {
  return new CLIENTS[adapter](url, place, PARSERS[parser]).connect(options);
}

for (const scenario of SCENARIOS) {
  if (!scenario.adapters.includes(adapter) || !scenario.name.startsWith(only)) continue;
  let entries;
  try {
    entries = await perform(scenario, connect);
  } catch (error) {
    entries = [{ error: error.message }];
  }
  console.log(JSON.stringify({ scenario: scenario.name, entries }));
}
process.exit(0);
