/** Results of handlers, values and streams. */
import { bothWays, customScenario, message, messageWithAck, scenario } from '../scenario.mjs';

const AT_ONCE_AND_LATER = ['undefined', 'null', 'zero', 'empty-text', 'false', 'empty-list', 'nan'];
const RESULTS = [
  ...AT_ONCE_AND_LATER,
  ...AT_ONCE_AND_LATER.map((name) => `${name}/async`),
  'empty-object',
  'object',
  'list',
  'response',
  'response/async',
  'response/list',
  'response/null',
  'response/unnamed',
  'response/none',
  'lookalike',
];

const ECHOED = {
  'an object': { a: [1, { b: null }] },
  'a deep list': [[[]]],
  'a text': 'ä€😀\u0000"\\',
  'a number': -1.5e-7,
  'a lookalike': { event: 'answer', data: 'chosen by the client' },
  'a lookalike without a name': { event: '', data: 1 },
};

const STREAMS = [
  'values',
  'falsy',
  'responses',
  'responses/async',
  'unnamed',
  'empty',
  'fails-at-once',
  'values/fail-midway',
  'responses/fail-midway',
  'responses/fail-midway/error',
];

/** The stream ends with its client; another client reads the log. */
async function endlessStream({ connect }) {
  const [client, witness] = [await connect(), await connect()];
  try {
    client.emit('streams/endless', []);
    await client.recording.more(1, 'the first item');
    await client.settle();
    client.close();
    await witness.logged('the stream has stopped');
    await witness.settle();
    return [...client.recording.entries, ...witness.recording.entries];
  } finally {
    client.close();
    witness.close();
  }
}

/** Messages that do not wait for each other; in which order their enhancers log is nobody's business. */
async function pipelined({ connect }) {
  const client = await connect();
  try {
    for (let number = 0; number < 50; number += 1) {
      client.emit('replies/echo', [{ number }], { ack: true });
    }
    await client.settle();
    return client.recording.entries.filter((entry) => !entry.log);
  } finally {
    client.close();
  }
}

export const scenarios = [
  ...RESULTS.map((name) => scenario(`replies/${name}`, bothWays(`replies/${name}`))),
  ...Object.entries(ECHOED).map(([what, body]) => scenario(`replies/echo/${what}`, bothWays('replies/echo', body))),
  ...STREAMS.map((name) => scenario(`streams/${name}`, bothWays(`streams/${name}`))),
  scenario(
    'replies/one after the other',
    messageWithAck('replies/zero'),
    message('replies/response'),
    messageWithAck('replies/undefined'),
    messageWithAck('replies/object'),
  ),
  customScenario('streams/endless', endlessStream),
  customScenario('replies/pipelined', pipelined),
];
