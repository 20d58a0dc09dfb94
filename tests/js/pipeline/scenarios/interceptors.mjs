/** Interceptors that change, replace, repeat and limit what a handler does. */
import { bothWays, messageWithAck, scenario } from '../scenario.mjs';

const WITHOUT_BODY = [
  'map-stream',
  'map-responses',
  'map-failing-stream',
  'transform-nothing',
  'transform-null',
  'transform-response',
  'exclude-null',
  'to-null',
  'replace',
  'silence',
  'replace-by-stream',
  'ack',
  'to-response',
  'in-time',
  'timeout-and-failure',
];

/** A message that brings something only after a while. */
function late(event, ...args) {
  return { ...messageWithAck(event, ...args), expect: 1 };
}

export const scenarios = [
  ...['map', 'map-async', 'transform'].map((name) =>
    scenario(`interceptors/${name}`, bothWays(`interceptors/${name}`, 21)),
  ),
  ...WITHOUT_BODY.map((name) => scenario(`interceptors/${name}`, bothWays(`interceptors/${name}`))),
  ...[1, 3].map((attempt) =>
    scenario(`interceptors/retry/works at ${attempt}`, messageWithAck('interceptors/retry', { 'works-at': attempt })),
  ),
  scenario('interceptors/retry/in vain', messageWithAck('interceptors/retry', { 'works-at': 4 })),
  scenario('interceptors/timeout', late('interceptors/timeout')),
  scenario('interceptors/async', late('interceptors/async')),
  ...['text', 'error', 'object'].flatMap((kind) => [
    scenario(`interceptors/rescue/${kind}`, bothWays('interceptors/rescue', { kind })),
    scenario(`interceptors/another-error/${kind}`, bothWays('interceptors/another-error', { kind })),
  ]),
];
