/** Which arguments reach which parameters, who acknowledges, and bytes. */
import { bothWays, concurrentScenario, ioScenario, message, messageWithAck, scenario, wsScenario } from '../scenario.mjs';

const ONE = {
  'no body': [],
  null: [null],
  zero: [0],
  false: [false],
  'an empty text': [''],
  'a text': ['text'],
  'an empty list': [[]],
  'a list of one': [[1]],
  'a list of two': [[1, 2]],
  'an object': [{ id: 7, a: 'A', b: null }],
  'an object in an object': [{ id: { id: [] } }],
};

const SEVERAL = {
  'two arguments': ['one', { id: 2 }],
  'three arguments': [1, 2, 3],
  'two lists': [[1], [2]],
  'nothing twice': [null, null],
};

const TAKING_BODIES = ['body', 'body-without-decorators', 'key', 'keys'];

const ACKS = [
  'ack',
  'ack-is-there',
  'ack-twice',
  'ack-and-response',
  'ack-then-fail',
  'ack-async',
  'by-position',
  'by-position-with-result',
];

const TWICE = ['both', 'slow-and-fast', 'silent-and-loud', 'failing-and-fine', 'two-gateways'];

const bytes = (...values) => Buffer.from(values);

const BINARY = {
  'bytes alone': bytes(0, 1, 255),
  'no bytes': bytes(),
  'bytes in an object': { name: 'a', content: bytes(1, 2) },
  'bytes twice': [bytes(1), { again: bytes(2), list: [bytes(3)] }],
};

export const scenarios = [
  ...TAKING_BODIES.flatMap((name) => [
    ...Object.entries(ONE).map(([what, args]) =>
      scenario(`arguments/${name}/${what}`, bothWays(`arguments/${name}`, ...args)),
    ),
    ...Object.entries(SEVERAL).map(([what, args]) =>
      ioScenario(`arguments/${name}/${what}`, bothWays(`arguments/${name}`, ...args)),
    ),
  ]),
  scenario('arguments/required-key', bothWays('arguments/required-key', { name: 'Ann' })),
  scenario('arguments/required-key/missing', bothWays('arguments/required-key', {})),
  scenario('arguments/required-key/of another type', bothWays('arguments/required-key', { name: 7 })),
  ...ACKS.map((name) => ioScenario(`arguments/${name}`, bothWays(`arguments/${name}`, 'a body'))),
  ...['ack', 'ack-async', 'by-position'].map((name) =>
    ioScenario(`arguments/${name}/without a body`, bothWays(`arguments/${name}`)),
  ),
  ioScenario('arguments/by-position/two arguments', bothWays('arguments/by-position', 1, 2)),
  scenario('arguments/emit-before-return', bothWays('arguments/emit-before-return')),
  ...TWICE.map((name) => concurrentScenario(`twice/${name}`, bothWays(`twice/${name}`))),
  ...['echo', 'response', 'fail', 'fail-unknown'].flatMap((name) =>
    Object.entries(BINARY).map(([what, body]) => ioScenario(`binary/${name}/${what}`, bothWays(`binary/${name}`, body))),
  ),
  ioScenario('binary/echo/two arguments', bothWays('binary/echo', bytes(1), { b: bytes(2) })),
  ioScenario('binary/length', bothWays('binary/length', { name: 'a', content: bytes(1, 2, 3) })),
  ioScenario('binary/key', bothWays('binary/key', { content: bytes(1, 2, 3) })),
  ioScenario('arguments/unknown event', messageWithAck('arguments/no-such-event', 1), message('arguments/body', 2)),
  wsScenario(
    'frames/ignored',
    ['', 'text', '{"event":', '7', 'null', '[]', '"text"', '{}', '{"data":1}', '{"event":null}', '{"event":"no-such-event"}']
      .map((raw) => ({ raw })),
    message('replies/zero'),
  ),
  wsScenario('frames/binary', { raw: Buffer.from('{"event":"arguments/body","data":1}') }),
  wsScenario('frames/more members', { raw: '{"data":1,"id":7,"event":"arguments/body"}' }),
  wsScenario('frames/white space', { raw: ' \n{ "event" : "arguments/body" , "data" : [ 1 ] }\t' }),
  wsScenario('frames/event named by a number', { raw: '{"event":7,"data":1}' }),
];
