import { Module } from '@nestjs/common';
import { EventsWsGateway } from './events-ws.gateway.js';

@Module({ providers: [EventsWsGateway] })
export class EventsWsModule {}
