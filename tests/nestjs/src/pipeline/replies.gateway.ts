import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { WsResponse } from '@nestjs/websockets';

/** Every kind of result, at once and after a wait. */
@WebSocketGateway()
export class RepliesGateway {
  @SubscribeMessage('replies/undefined')
  undefined(): undefined {
    return undefined;
  }

  @SubscribeMessage('replies/undefined/async')
  async undefinedAsync(): Promise<undefined> {
    await Promise.resolve();
    return undefined;
  }

  @SubscribeMessage('replies/null')
  null(): null {
    return null;
  }

  @SubscribeMessage('replies/null/async')
  async nullAsync(): Promise<null> {
    await Promise.resolve();
    return null;
  }

  @SubscribeMessage('replies/zero')
  zero(): number {
    return 0;
  }

  @SubscribeMessage('replies/zero/async')
  async zeroAsync(): Promise<number> {
    await Promise.resolve();
    return 0;
  }

  @SubscribeMessage('replies/empty-text')
  emptyText(): string {
    return '';
  }

  @SubscribeMessage('replies/empty-text/async')
  async emptyTextAsync(): Promise<string> {
    await Promise.resolve();
    return '';
  }

  @SubscribeMessage('replies/false')
  false(): boolean {
    return false;
  }

  @SubscribeMessage('replies/false/async')
  async falseAsync(): Promise<boolean> {
    await Promise.resolve();
    return false;
  }

  @SubscribeMessage('replies/empty-list')
  emptyList(): number[] {
    return [];
  }

  @SubscribeMessage('replies/empty-list/async')
  async emptyListAsync(): Promise<number[]> {
    await Promise.resolve();
    return [];
  }

  @SubscribeMessage('replies/nan')
  nan(): number {
    return NaN;
  }

  @SubscribeMessage('replies/nan/async')
  async nanAsync(): Promise<number> {
    await Promise.resolve();
    return NaN;
  }

  @SubscribeMessage('replies/empty-object')
  emptyObject(): object {
    return {};
  }

  @SubscribeMessage('replies/object')
  object(): object {
    return { text: 'ä"\n', number: 1.5, list: [null, true], nothing: null };
  }

  @SubscribeMessage('replies/list')
  list(): number[] {
    return [1, 2];
  }

  @SubscribeMessage('replies/response')
  response(): WsResponse<number> {
    return { event: 'answer', data: 1 };
  }

  @SubscribeMessage('replies/response/async')
  async responseAsync(): Promise<WsResponse<number>> {
    await Promise.resolve();
    return { event: 'answer', data: 1 };
  }

  @SubscribeMessage('replies/response/list')
  responseWithList(): WsResponse<number[]> {
    return { event: 'answer', data: [1, 2] };
  }

  @SubscribeMessage('replies/response/null')
  responseWithNull(): WsResponse<null> {
    return { event: 'answer', data: null };
  }

  @SubscribeMessage('replies/response/unnamed')
  responseUnnamed(): WsResponse<number> {
    return { event: '', data: 1 };
  }

  @SubscribeMessage('replies/response/none')
  responseNone(): WsResponse<number> | null {
    return null;
  }

  /** No `WsResponse` by its type, but with its members. */
  @SubscribeMessage('replies/lookalike')
  lookalike(): object {
    return { event: 'answer', data: 1 };
  }

  /** What the client sent may look like a response. */
  @SubscribeMessage('replies/echo')
  echo(_client: unknown, data: unknown): unknown {
    return data;
  }
}
