/** Metadata of gateways and methods, and parameters of one's own. */
import { bothWays, messageWithAck, scenario } from '../scenario.mjs';

export const scenarios = [
  ...['of-gateway', 'of-method', 'none', 'only-method'].map((name) =>
    scenario(`metadata/${name}`, messageWithAck(`metadata/${name}`)),
  ),
  scenario('metadata/roles/allowed', bothWays('metadata/roles', { role: 'owner' })),
  // The method's list takes the place of the gateway's.
  scenario('metadata/roles/refused', bothWays('metadata/roles', { role: 'admin' })),
  scenario('metadata/current-user', bothWays('metadata/current-user', { user: 'Ann', text: 'hello' })),
  scenario('metadata/current-user/refused', bothWays('metadata/current-user', { text: 'hello' })),
  scenario('metadata/message-name', bothWays('metadata/message-name', 'a body')),
];
