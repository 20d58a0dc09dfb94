import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { WsResponse } from '@nestjs/websockets';
import { MARKER, takeLog } from './log.js';

/** Answers with what ran since the last time. */
@WebSocketGateway()
export class MarkerGateway {
  @SubscribeMessage(MARKER)
  marker(): WsResponse<string[]> {
    return { event: MARKER, data: takeLog() };
  }
}
