import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import type { WsResponse } from '@nestjs/websockets';

interface Upload {
  name: string;
  content: Buffer;
}

/** Bytes in bodies, replies and exceptions. */
@WebSocketGateway()
export class BinaryGateway {
  @SubscribeMessage('binary/echo')
  echo(@MessageBody() body: unknown): unknown {
    return body;
  }

  @SubscribeMessage('binary/response')
  response(@MessageBody() body: unknown): WsResponse<unknown> {
    return { event: 'bytes', data: body };
  }

  @SubscribeMessage('binary/length')
  length(@MessageBody() { name, content }: Upload): object {
    return { name, length: content.length };
  }

  @SubscribeMessage('binary/key')
  key(@MessageBody('content') content: Buffer): object {
    return { reversed: Buffer.from(content).reverse(), twice: [content, content] };
  }

  @SubscribeMessage('binary/fail')
  fail(): void {
    throw new WsException('refused');
  }

  @SubscribeMessage('binary/fail-unknown')
  failUnknown(): void {
    throw new Error('secret');
  }
}
