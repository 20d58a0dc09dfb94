/** The built-in pipes with what they take and refuse, and pipes of one's own. */
import { bothWays, ioScenario, messageWithAck, scenario } from '../scenario.mjs';

const VALUES = {
  'a number': 42,
  'a negative number': -7,
  zero: 0,
  'a fraction': 4.5,
  'a numeric text': '42',
  'a negative text': '-7',
  'leading zeros': '007',
  'minus zero': '-0',
  'a fraction as a text': '4.5',
  'a fraction without a zero': '.5',
  'a fraction without digits': '5.',
  'an exponent': '1e3',
  'a plus sign': '+1',
  'white space in front': ' 1',
  'white space behind': '1 ',
  'a hexadecimal text': '0x10',
  'digits and letters': '12abc',
  'a text': 'x',
  'an empty text': '',
  blank: ' ',
  'a sign alone': '-',
  'not a number': 'NaN',
  infinity: 'Infinity',
  inf: 'inf',
  true: true,
  false: false,
  'the text true': 'true',
  'the text false': 'false',
  'the text TRUE': 'TRUE',
  null: null,
  'an empty list': [],
  'a list': [1],
  'an object': {},
};

const LISTS = {
  'a list': ['a', 'b'],
  'an empty list': [],
  'a separated text': 'a,b',
  'a separated text with blanks': ' a , b ',
  'one item': 'a',
  'an empty text': '',
  'a text that ends with the separator': 'a,',
  'a number': 1,
  null: null,
  'an object': { a: 1 },
};

const NUMBERS = {
  'a list': [1, 2.5],
  'a list of texts': ['1', '2'],
  'a separated text': '1;2',
  'a separated text with blanks': '1; 2',
  'something else in a list': [1, 'x'],
  'something else in a text': '1;x',
  'true in a list': [true],
  'null in a list': [null],
  'an empty text': '',
};

const UUIDS = {
  'version 1': '2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d',
  'version 4': '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d',
  'version 7': '018f3f6e-5b3a-7c1e-8f2a-1b2c3d4e5f60',
  'upper case': '9B1DEB4D-3B7D-4BAD-9BDD-2B0D7B3DCB6D',
  nil: '00000000-0000-0000-0000-000000000000',
  max: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'no version': '9b1deb4d-3b7d-0bad-9bdd-2b0d7b3dcb6d',
  'version 9': '9b1deb4d-3b7d-9bad-9bdd-2b0d7b3dcb6d',
  'a foreign variant': '9b1deb4d-3b7d-4bad-1bdd-2b0d7b3dcb6d',
  short: '9b1deb4d-3b7d-4bad-9bdd',
  'without dashes': '9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d',
  'a number': 7,
  null: null,
};

const COLOURS = { 'a value': 'red', 'a name': 'Red', 'another text': 'green', 'a number': 0, null: null };

/** One scenario for each value, and one without any. */
function each(event, values) {
  const given = Object.entries(values).map(([what, value]) => scenario(`${event}/${what}`, bothWays(event, { value })));
  return [...given, scenario(`${event}/no value`, bothWays(event, {})), scenario(`${event}/no body`, bothWays(event))];
}

export const scenarios = [
  ...each('pipes/int', VALUES),
  ...each('pipes/float', VALUES),
  ...each('pipes/bool', VALUES),
  ...each('pipes/array', LISTS),
  ...each('pipes/array-of-numbers', NUMBERS),
  ...each('pipes/uuid', UUIDS),
  ...each('pipes/enum', COLOURS),
  ...each('pipes/default', { 'a value': 'given', 'an empty text': '', null: null }),
  ...each('pipes/default-then-int', { 'a value': '5', zero: 0, 'a text': 'x', null: null }),
  ...each('pipes/int-default-exception', { 'a value': '5', 'a text': 'x' }),
  scenario('pipes/int-of-body', messageWithAck('pipes/int-of-body', '5'), messageWithAck('pipes/int-of-body', 'x')),
  ...['chain', 'method'].map((name) =>
    scenario(
      `pipes/${name}`,
      messageWithAck(`pipes/${name}`, { value: ' hello ' }),
      messageWithAck(`pipes/${name}`, { value: '  ' }),
    ),
  ),
  scenario('pipes/chain-of-body', messageWithAck('pipes/chain-of-body', ' hello '), messageWithAck('pipes/chain-of-body', '  ')),
  scenario('pipes/method-without-decorators', messageWithAck('pipes/method-without-decorators', ' hello ')),
  ...['async', 'stream'].map((name) =>
    scenario(`pipes/${name}`, bothWays(`pipes/${name}`, { value: '5' }), bothWays(`pipes/${name}`, { value: 'x' })),
  ),
  // Plain WebSocket has no acknowledgements.
  ioScenario('pipes/ack', bothWays('pipes/ack', { value: '5' }), bothWays('pipes/ack', { value: 'x' })),
  scenario('pipes/two-fail', messageWithAck('pipes/two-fail', { a: 'x', b: 'y' })),
  scenario('pipes/two-fail/the second only', messageWithAck('pipes/two-fail', { a: 1, b: 'y' })),
  scenario('pipes/two-fail/none', messageWithAck('pipes/two-fail', { a: 1, b: '2' })),
  ...[21, 'text', [1], { value: 3 }].map((body) =>
    scenario(`pipes/gateway/${JSON.stringify(body)}`, messageWithAck('pipes/gateway', body)),
  ),
  scenario('pipes/gateway/no body', messageWithAck('pipes/gateway')),
  scenario('pipes/gateway-and-key', messageWithAck('pipes/gateway-and-key', { value: 21 })),
  scenario('pipes/gateway-without-body', messageWithAck('pipes/gateway-without-body', 1)),
];
