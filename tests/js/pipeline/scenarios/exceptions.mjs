/** Each kind of exception from each kind of place. */
import { bothWays, customScenario, message, messageWithAck, scenario } from '../scenario.mjs';

const KINDS = [
  'text',
  'empty-text',
  'object',
  'empty-object',
  'array',
  'number',
  'zero',
  'boolean',
  'null',
  'subclass',
  'error',
  'panic',
  'thrown-text',
  'http',
];

const PLACES = [
  'guard',
  'guard-async',
  'pipe',
  'interceptor-before',
  'interceptor-after',
  'handler',
  'handler-async',
  'stream',
];

const BODIES = {
  'no body': [],
  null: [null],
  'a text': ['body'],
  'a list': [[1, [2]]],
  'an object': [{ a: { b: [null] } }],
};

/** Exceptions are for the sender only. */
async function senderOnly({ connect }) {
  const [sender, witness] = [await connect(), await connect()];
  try {
    for (const place of ['guard', 'handler', 'handler-async', 'stream']) {
      sender.emit(`fail/${place}`, [{ kind: 'text' }]);
      await sender.settle();
    }
    await witness.settle();
    return [{ sender: sender.recording.entries, witness: witness.recording.entries }];
  } finally {
    sender.close();
    witness.close();
  }
}

export const scenarios = [
  ...PLACES.flatMap((place) =>
    KINDS.map((kind) => scenario(`fail/${place}/${kind}`, bothWays(`fail/${place}`, { kind }))),
  ),
  ...KINDS.map((kind) =>
    scenario(
      `fail/filter/${kind}`,
      bothWays('fail/filter', { kind }),
      // The event is not silenced by it.
      messageWithAck('fail/filter', { kind: 'none' }),
      messageWithAck('fail/filter', { kind }),
    ),
  ),
  ...['text', 'error'].map((kind) =>
    scenario(`fail/filter-of-stream/${kind}`, bothWays('fail/filter-of-stream', { kind })),
  ),
  scenario('fail/guard-false', bothWays('fail/guard-false', { a: 1 })),
  scenario('fail/guard-false-async', bothWays('fail/guard-false-async')),
  ...Object.entries(BODIES).map(([what, args]) =>
    scenario(`fail/whatever/${what}`, bothWays('fail/whatever', ...args)),
  ),
  customScenario('fail/sender only', senderOnly),
  scenario('fail/after-emitting', bothWays('fail/after-emitting')),
  scenario(
    'fail/and go on',
    message('fail/handler', { kind: 'error' }),
    messageWithAck('replies/zero'),
    message('fail/handler', { kind: 'text' }),
    messageWithAck('replies/zero'),
  ),
];
