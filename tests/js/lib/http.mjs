/**
 * Plain HTTP requests as a browser on another origin would send them. `fetch` may drop an `Origin` header, so the
 * requests are made with `node:http`.
 */
import { request } from 'node:http';
import { within } from './wait.mjs';

/** The handshake of the polling transport: what a browser sends first, under its rules for foreign origins. */
export const POLLING_HANDSHAKE = '/socket.io/?EIO=4&transport=polling';

/** Status, headers and body of a request. A `body` is sent as JSON. */
export function send(url, { method = 'GET', headers = {}, body } = {}) {
  const answered = new Promise((resolve, reject) => {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(url, {
      method,
      headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
      agent: false,
    });
    outgoing.once('error', reject);
    outgoing.once('response', async (response) => {
      const chunks = [];
      for await (const chunk of response) {
        chunks.push(chunk);
      }
      resolve({
        status: response.statusCode,
        headers: response.headers,
        text: Buffer.concat(chunks).toString('utf8'),
      });
    });
    outgoing.end(json);
  });
  return within(answered, `the answer to ${method} ${url}`);
}
