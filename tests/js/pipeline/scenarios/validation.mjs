/** Bodies with rules. */
import { messageWithAck, scenario } from '../scenario.mjs';

const GOOD = { email: 'ann@chat.example', name: 'Ann', address: { number: 1 } };

const BODIES = {
  good: GOOD,
  'a bad email': { ...GOOD, email: 'ann' },
  'a short name': { ...GOOD, name: 'A' },
  'a long name': { ...GOOD, name: 'Ann of Green Gables' },
  'a bad address': { ...GOOD, address: { number: 0 } },
  'everything bad': { email: '', name: '', address: { number: -1 } },
  'more than asked for': { ...GOOD, admin: true },
  'a missing property': { email: GOOD.email, address: GOOD.address },
  'a wrong type': { ...GOOD, name: 7 },
};

export const scenarios = [
  ...['gateway', 'method', 'parameter'].flatMap((name) =>
    Object.entries(BODIES).map(([what, body]) =>
      scenario(`validation/${name}/${what}`, messageWithAck(`validation/${name}`, body)),
    ),
  ),
  scenario('validation/gateway/no body', messageWithAck('validation/gateway')),
  scenario('validation/gateway-key/good', messageWithAck('validation/gateway-key', { user: GOOD })),
  scenario('validation/gateway-key/bad', messageWithAck('validation/gateway-key', { user: BODIES['a bad email'] })),
  scenario('validation/native', messageWithAck('validation/native', 'text')),
  scenario('validation/whitelist', messageWithAck('validation/whitelist', { number: 1, more: 2 })),
  scenario('validation/forbid/good', messageWithAck('validation/forbid', GOOD)),
  scenario('validation/forbid/more', messageWithAck('validation/forbid', BODIES['more than asked for'])),
  scenario(
    'validation/forbid/more inside',
    messageWithAck('validation/forbid', { ...GOOD, address: { number: 1, street: 'High Street' } }),
  ),
  scenario('validation/none', messageWithAck('validation/none', { number: -1 })),
  scenario('validation/default-exception/good', messageWithAck('validation/default-exception', { number: 1 })),
  scenario('validation/default-exception/bad', messageWithAck('validation/default-exception', { number: 0 })),
];
