/**
 * The clients of the matrix, each with what is different about it.
 */
import { createRequire } from 'node:module';
import { WebSocket } from 'ws';
import * as v3 from 'socket.io-client-v3';
import * as v40 from 'socket.io-client-v4-0';
import * as v4 from 'socket.io-client';
import { XMLHttpRequest } from './xhr2.mjs';

const require = createRequire(import.meta.url);

/** The browser's build of version 2, which finds the parts of a browser that it needs: polling with bytes. */
function browserBuildOf2() {
  globalThis.XMLHttpRequest = XMLHttpRequest;
  globalThis.WebSocket = WebSocket;
  return require('socket.io-client-v2/dist/socket.io.js');
}

/** Name of a client → its `Manager` and options that are always given. */
const CLIENTS = {
  2: () => ({ major: 2, Manager: require('socket.io-client-v2').Manager, options: {} }),
  '2-base64': () => ({ major: 2, Manager: require('socket.io-client-v2').Manager, options: { forceBase64: true } }),
  '2-browser': () => ({
    major: 2,
    Manager: browserBuildOf2().Manager,
    options: {},
    browser: true,
    binaryBodies: XMLHttpRequest.binary,
  }),
  '3.0': () => ({ major: 3, Manager: v3.Manager, options: {} }),
  '4.0': () => ({ major: 4, Manager: v40.Manager, options: {} }),
  4: () => ({ major: 4, Manager: v4.Manager, options: {} }),
};

export const CLIENT_NAMES = Object.keys(CLIENTS);

/** The client of that name. */
export function load(name) {
  return CLIENTS[name]();
}
