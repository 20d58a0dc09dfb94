/** Which filter handles an error. */
import { messageWithAck, scenario } from '../scenario.mjs';

const EVENTS = [
  'gateway',
  'method-typed',
  'catch-all-last',
  'catch-all-first',
  'ws-exception',
  'two-types',
  'subclass',
  'delegating',
  'without-cause',
  'own-cause',
  'async',
  'typed-only',
  'none',
];

const KINDS = ['text', 'object', 'subclass', 'error', 'thrown-text', 'no-room', 'no-user'];

export const scenarios = EVENTS.flatMap((event) =>
  KINDS.map((kind) => scenario(`filters/${event}/${kind}`, messageWithAck(`filters/${event}`, { kind }))),
);
