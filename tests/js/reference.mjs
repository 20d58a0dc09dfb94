/**
 * Judges the checks themselves: runs every one of them against the same examples in NestJS (`../nestjs`, built), and those
 * of the clients' matrix against socket.io.
 *
 *     node reference.mjs [example | clients …]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CLIENT_NAMES } from './clients/versions.mjs';
import { within } from './lib/wait.mjs';

const SERVER = fileURLToPath(new URL('../nestjs/dist/main.js', import.meta.url));
const CLIENTS_SERVER = fileURLToPath(new URL('clients/server.mjs', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));
const EXAMPLES = ['events', 'chat', 'channels', 'rooms', 'notifications', 'namespaces'];
const WITH_WS = ['events', 'channels'];
const TRANSPORTS = ['websocket', 'polling', 'default'];
/** What version 3 of the client does not know. */
const ONLY_CLIENT_4 = ['namespaces'];
const START_LIMIT_MS = 20_000;

async function listeningPort(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const match = /^listening on (\d+)$/.exec(line);
    if (match) {
      server.stdout.resume();
      return Number(match[1]);
    }
  }
  throw new Error('the server ended before it listened');
}

async function withServer(example, adapter, use, script = SERVER) {
  const server = spawn(process.execPath, [script, example], {
    env: { ...process.env, PORT: '0', ADAPTER: adapter },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    return await use(await within(listeningPort(server), `${example} to listen`, START_LIMIT_MS));
  } finally {
    server.kill();
    await once(server, 'exit');
  }
}

async function passes(title, args) {
  const child = spawn(process.execPath, args, { cwd: HERE, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  console.log(`${title}: ${output.trimEnd().split('\n').at(-1)}`);
  if (code !== 0) {
    console.log(output);
  }
  return code === 0;
}

async function runExample(example) {
  const results = [];
  await withServer(example, 'io', async (port) => {
    const url = `http://127.0.0.1:${port}`;
    for (const client of ONLY_CLIENT_4.includes(example) ? ['4'] : ['4', '3']) {
      for (const transport of TRANSPORTS) {
        const args = ['run.mjs', example, '--url', url, '--transport', transport, '--client', client];
        results.push(await passes(`${example}, ${transport}, client ${client}`, args));
      }
    }
    if (example === 'chat') {
      results.push(await passes('chat, the page', ['browser/chat-page.mjs', '--url', url]));
    }
  });
  if (WITH_WS.includes(example)) {
    await withServer(example, 'ws', async (port) => {
      const args = ['run.mjs', example, '--url', `ws://127.0.0.1:${port}`, '--client', 'ws'];
      results.push(await passes(`${example}, ws`, args));
    });
  }
  return results;
}

async function runClients() {
  const results = [];
  const run = async (port) => {
    for (const client of CLIENT_NAMES) {
      for (const transport of TRANSPORTS) {
        const args = ['clients/run.mjs', '--url', `http://127.0.0.1:${port}`, '--transport', transport, '--client', client];
        results.push(await passes(`clients, ${transport}, client ${client}`, args));
      }
    }
  };
  await withServer('clients', 'io', run, CLIENTS_SERVER);
  return results;
}

const results = [];
for (const example of process.argv.length > 2 ? process.argv.slice(2) : [...EXAMPLES, 'clients']) {
  results.push(...(await (example === 'clients' ? runClients() : runExample(example))));
}
const failed = results.filter((passed) => !passed).length;
console.log(`${results.length - failed} runs passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
