import { Ack, ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import type { WsResponse } from '@nestjs/websockets';
import { send } from './send.js';
import type { Client } from './send.js';

type Acknowledge = ((answer: unknown) => void) | undefined;

/** What is not there, said so that JSON can tell. */
function shown(value: unknown): unknown {
  return value ?? 'nothing';
}

/** Which arguments reach which parameters, and who acknowledges. */
@WebSocketGateway()
export class ArgumentsGateway {
  @SubscribeMessage('arguments/body')
  body(@MessageBody() body: unknown): object {
    return { body: shown(body) };
  }

  @SubscribeMessage('arguments/body-without-decorators')
  bodyByPosition(_client: Client, body: unknown): object {
    return { body: shown(body) };
  }

  @SubscribeMessage('arguments/key')
  key(@MessageBody('id') id: unknown): object {
    return { id: shown(id) };
  }

  @SubscribeMessage('arguments/keys')
  keys(@MessageBody('a') a: unknown, @MessageBody() body: unknown, @MessageBody('b') b: unknown): object {
    return { a: shown(a), b: shown(b), body: shown(body) };
  }

  @SubscribeMessage('arguments/required-key')
  requiredKey(@MessageBody('name') name: string): string {
    return `hello ${name}`;
  }

  @SubscribeMessage('arguments/ack')
  ack(@Ack() ack: Acknowledge): string {
    ack?.('by hand');
    return 'a result that does not acknowledge';
  }

  @SubscribeMessage('arguments/ack-is-there')
  ackIsThere(@ConnectedSocket() client: Client, @Ack() ack: Acknowledge): void {
    send(client, 'asked', typeof ack === 'function');
  }

  @SubscribeMessage('arguments/ack-twice')
  ackTwice(@Ack() ack: Acknowledge): void {
    ack?.('first');
    ack?.('second');
  }

  @SubscribeMessage('arguments/ack-and-response')
  ackAndResponse(@Ack() ack: Acknowledge): WsResponse<string> {
    ack?.('by hand');
    return { event: 'answer', data: 'as well' };
  }

  @SubscribeMessage('arguments/ack-then-fail')
  ackThenFail(@Ack() ack: Acknowledge): void {
    ack?.('by hand');
    throw new WsException('afterwards');
  }

  @SubscribeMessage('arguments/ack-async')
  async ackAsync(@MessageBody() body: unknown, @Ack() ack: Acknowledge): Promise<string> {
    await Promise.resolve();
    ack?.({ body: shown(body) });
    return 'a result that does not acknowledge';
  }

  /** All three by position. */
  @SubscribeMessage('arguments/by-position')
  byPosition(client: Client, body: unknown, ack: Acknowledge): void {
    send(client, 'body', shown(body));
    ack?.('by hand');
  }

  @SubscribeMessage('arguments/by-position-with-result')
  byPositionWithResult(_client: Client, body: unknown, ack: Acknowledge): string {
    ack?.({ body: shown(body) });
    return 'a result that comes second';
  }

  @SubscribeMessage('arguments/emit-before-return')
  emitBeforeReturn(@ConnectedSocket() client: Client): string {
    send(client, 'first', 1);
    send(client, 'second', 2);
    return 'last';
  }
}

/** Several handlers of one event. */
@WebSocketGateway()
export class TwiceGateway {
  @SubscribeMessage('twice/both')
  first(@ConnectedSocket() client: Client): string {
    send(client, 'from', 'the first');
    return 'the first';
  }

  @SubscribeMessage('twice/both')
  second(@ConnectedSocket() client: Client): string {
    send(client, 'from', 'the second');
    return 'the second';
  }

  /** The first takes longer: the second acknowledges. */
  @SubscribeMessage('twice/slow-and-fast')
  async slow(): Promise<string> {
    await Promise.resolve();
    return 'the slow one';
  }

  @SubscribeMessage('twice/slow-and-fast')
  fast(): string {
    return 'the fast one';
  }

  @SubscribeMessage('twice/silent-and-loud')
  silent(): void {}

  @SubscribeMessage('twice/silent-and-loud')
  loud(): string {
    return 'the loud one';
  }

  @SubscribeMessage('twice/failing-and-fine')
  failing(): string {
    throw new WsException('the first fails');
  }

  @SubscribeMessage('twice/failing-and-fine')
  fine(): string {
    return 'the second';
  }

  @SubscribeMessage('twice/two-gateways')
  ofOneGateway(): WsResponse<string> {
    return { event: 'from', data: 'one gateway' };
  }
}

/** Shares an event with another gateway. */
@WebSocketGateway()
export class TwiceMoreGateway {
  @SubscribeMessage('twice/two-gateways')
  ofAnotherGateway(): WsResponse<string> {
    return { event: 'from', data: 'another gateway' };
  }
}
