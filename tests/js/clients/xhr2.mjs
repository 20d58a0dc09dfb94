/**
 * `XMLHttpRequest` as browsers have it since 2012, as far as engine.io-client 3 uses it: with binary answers, which the
 * package that it brings for Node has not. It counts them, so that a run can show that there were some.
 */
import { request } from 'node:http';

const OPENED = 1;
const HEADERS_RECEIVED = 2;
const DONE = 4;

export class XMLHttpRequest {
  /** Bodies that were bytes: sent, and received. */
  static binary = { sent: 0, received: 0 };

  readyState = 0;
  status = 0;
  response = null;
  responseText = '';
  responseType = '';
  withCredentials = false;
  onreadystatechange = () => {};
  #outgoing;
  #url;
  #method;
  #requestHeaders = {};
  #headers = {};

  open(method, url) {
    this.#method = method;
    this.#url = url;
    this.#enter(OPENED);
  }

  setRequestHeader(name, value) {
    this.#requestHeaders[name] = value;
  }

  getResponseHeader(name) {
    return this.#headers[name.toLowerCase()] ?? null;
  }

  send(data) {
    // A connection for each: browsers try again when one that they kept was closed meanwhile, this does not.
    const options = { method: this.#method, headers: this.#requestHeaders, agent: false };
    this.#outgoing = request(this.#url, options, (incoming) => this.#receive(incoming));
    this.#outgoing.on('error', () => this.#fail());
    if (data === null || data === undefined || typeof data === 'string') {
      this.#outgoing.end(data ?? undefined);
      return;
    }
    XMLHttpRequest.binary.sent += 1;
    new Response(data).arrayBuffer().then((body) => this.#outgoing.end(new Uint8Array(body)));
  }

  abort() {
    this.onreadystatechange = () => {};
    this.#outgoing?.destroy();
  }

  async #receive(incoming) {
    this.status = incoming.statusCode;
    this.#headers = incoming.headers;
    this.#enter(HEADERS_RECEIVED);
    const chunks = [];
    try {
      for await (const chunk of incoming) {
        chunks.push(chunk);
      }
    } catch {
      this.#fail();
      return;
    }
    const body = Buffer.concat(chunks);
    if (this.responseType === 'arraybuffer') {
      XMLHttpRequest.binary.received += 1;
      this.response = body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength);
    } else {
      this.responseText = body.toString('utf8');
      this.response = this.responseText;
    }
    this.#enter(DONE);
  }

  #fail() {
    this.status = 0;
    this.#enter(DONE);
  }

  #enter(state) {
    this.readyState = state;
    this.onreadystatechange();
  }
}
