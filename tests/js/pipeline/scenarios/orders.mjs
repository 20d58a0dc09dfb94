/** The order in which enhancers run, and who sees a failure. */
import { messageWithAck, scenario } from '../scenario.mjs';

const LEVELS = ['gateway 1', 'gateway 2', 'method 1', 'method 2'];

const PLACES = [
  ...LEVELS.map((level) => `guard ${level}`),
  ...LEVELS.flatMap((level) => [`interceptor ${level} before`, `interceptor ${level} after`]),
  ...LEVELS.map((level) => `pipe ${level}`),
  'pipe parameter 1',
  'pipe parameter 2',
  'handler',
];

/** A message whose way the log tells. */
function ordered(event, at, kind = 'text') {
  return messageWithAck(event, { order: true, kind, ...(at && { at }) });
}

export const scenarios = [
  scenario('orders/all', ordered('orders/all')),
  ...PLACES.map((at) => scenario(`orders/all/fail at ${at}`, ordered('orders/all', at))),
  ...['error', 'no-room'].map((kind) =>
    scenario(`orders/all/fail with ${kind}`, ordered('orders/all', 'handler', kind)),
  ),
  ...['async', 'gateway-only'].flatMap((name) => [
    scenario(`orders/${name}`, ordered(`orders/${name}`)),
    scenario(`orders/${name}/fail`, ordered(`orders/${name}`, 'handler')),
  ]),
  scenario('orders/stream', ordered('orders/stream')),
  ...['interceptor gateway 1 after', 'interceptor method 1 after'].map((at) =>
    scenario(`orders/stream/fail at ${at}`, ordered('orders/stream', at)),
  ),
  ...['two-parameters', 'one-parameter', 'gateway-pipe', 'gateway-pipe-and-key', 'gateway-pipe-without-body'].map(
    (name) => scenario(`orders/${name}`, messageWithAck(`orders/${name}`, { a: 'A', b: 'B' })),
  ),
  scenario('lists/repeated', messageWithAck('lists/repeated')),
];
