/** What handlers and enhancers fail with. */
import { BadRequestException } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';

export class RoomIsFull extends WsException {
  constructor(readonly room: string) {
    super(`the room ${room} is full`);
  }
}

export class NoSuchRoom extends Error {}

export class NoSuchUser extends Error {}

/** Where the body of the message says `kind`, that is what is thrown. */
export function failure(kind: string): unknown {
  switch (kind) {
    case 'text':
      return new WsException('refused');
    case 'empty-text':
      return new WsException('');
    case 'object':
      return new WsException({ code: 7, message: 'refused' });
    case 'empty-object':
      return new WsException({});
    case 'array':
      return new WsException(['first', 2]);
    case 'number':
      return new WsException(7 as never);
    case 'zero':
      return new WsException(0 as never);
    case 'boolean':
      return new WsException(false as never);
    case 'null':
      return new WsException(null as never);
    case 'subclass':
      return new RoomIsFull('general');
    case 'error':
    case 'panic':
      return new Error('secret');
    case 'thrown-text':
      return 'secret';
    case 'http':
      return new BadRequestException('secret');
    case 'no-room':
      return new NoSuchRoom('secret');
    case 'no-user':
      return new NoSuchUser('secret');
    default:
      return new Error(`no kind of failure: ${kind}`);
  }
}
