/** What happens to connections, where the servers are meant to differ. */
import { customScenario } from '../scenario.mjs';

/** Connects to a namespace or path, and sends one message if that is possible. */
function connecting(place, event) {
  return async ({ connect }) => {
    const client = await connect({ place, recordOutcome: true });
    try {
      if (event && client.recording.entries[0].connected) {
        client.emit(event, []);
        await client.recording.reaches(2, `what "${event}" brings`);
      }
      return client.recording.entries;
    } finally {
      client.close();
    }
  };
}

export const scenarios = [
  // A guard on a gateway decides about messages.
  customScenario('connections/guarded', connecting('guarded', 'guarded')),
  // The same with `on = "connection"`, which NestJS does not have.
  customScenario('connections/guarded-connection', connecting('guarded-connection')),
  // NestJS has no such place: a `handleConnection` that fails ends it.
  customScenario('connections/failing-hook', connecting('failing-hook', 'failing-hook')),
];
