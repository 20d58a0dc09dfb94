/**
 * Idle clients for `scripts/sizing.sh`: `node deploy/idle.mjs --url ws://127.0.0.1:3000 --clients 2000 [--plain]`. Opens raw
 * WebSocket connections (with `--plain` of the plain protocol, else each joins the main namespace of Socket.IO), prints
 * `connected`, and answers heartbeats until its stdin ends.
 */
import { parseArgs } from 'node:util';
import WebSocket from 'ws';

const { values } = parseArgs({
  options: { url: { type: 'string' }, clients: { type: 'string' }, plain: { type: 'boolean', default: false } },
});
const AT_ONCE = 50;

function connect() {
  return new Promise((resolve, reject) => {
    const path = values.plain ? '/' : '/socket.io/?EIO=4&transport=websocket';
    const socket = new WebSocket(values.url + path, { rejectUnauthorized: false, perMessageDeflate: false });
    socket.on('error', reject);
    socket.on('close', () => {
      throw new Error('the server closed a connection');
    });
    if (values.plain) {
      socket.on('open', resolve);
      return;
    }
    socket.on('message', (data) => {
      const text = data.toString();
      if (text.startsWith('0{')) {
        socket.send('40');
      } else if (text.startsWith('40{')) {
        resolve();
      } else if (text === '2') {
        socket.send('3');
      }
    });
  });
}

for (let left = Number(values.clients); left > 0; left -= AT_ONCE) {
  await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, connect));
}
console.log('connected');
process.stdin.on('end', () => process.exit()).resume();
